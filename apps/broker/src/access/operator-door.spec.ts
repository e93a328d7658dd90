import { expect, test } from '@jest/globals';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

function aDoor(changes: Partial<BrokerConfig> = {}) {
  const config = Object.assign(new BrokerConfig(), changes);
  config.operatorToken = new Secret('token');
  const door = new OperatorDoor(config, new FixedClock(0));
  return (ip: string, headers: Record<string, string> = {}) =>
    door.admit({ ip, headers: { authorization: 'Bearer token', ...headers } });
}

const forbidden = expect.objectContaining({ code: 'OPERATOR_ADDRESS_FORBIDDEN' });

test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])('%s may use the token', (ip) => {
  expect(() => aDoor()(ip)).not.toThrow();
});

test.each(['192.0.2.7', '10.0.0.1', '2001:db8::1', '::ffff:10.0.0.1'])(
  '%s may not, even with the right token, unless its range is configured',
  (ip) => {
    expect(() => aDoor()(ip)).toThrow(forbidden);
    const ranges = ['192.0.2.0/24', '10.0.0.0/8', '2001:db8::/32'];
    expect(() => aDoor({ operatorRanges: ranges })(ip)).not.toThrow();
  },
);

test('a wrong token from elsewhere is not looked at', () => {
  const attempt = aDoor();
  for (let count = 0; count < 30; count++) {
    expect(() => attempt('192.0.2.7', { authorization: 'Bearer wrong' })).toThrow(forbidden);
  }
});

test('what an undeclared proxy on this machine passes on is not from this machine', () => {
  const forwarded = { 'x-forwarded-for': '127.0.0.1' };
  expect(() => aDoor()('127.0.0.1', forwarded)).toThrow(forbidden);
  expect(() => aDoor()('127.0.0.1', { forwarded: 'for=192.0.2.7' })).toThrow(forbidden);
  expect(() => aDoor({ trustProxy: ['127.0.0.1'] })('127.0.0.1', forwarded)).not.toThrow();
});
