/** Alerts as they arrive: a real mail server, and a receiver over real TLS. */
import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { AlertMail } from '#apps/broker/src/fleet/alert-mail.js';
import { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import type { AlertWord } from '#apps/broker/src/fleet/alert-words.js';
import type { MailRoom } from '#apps/broker/src/mail/mail-room.port.js';
import {
  aMailServer,
  aRefusal,
  noMailServer,
  type TakenLetter,
} from '#apps/broker/src/mail/mail-server.fixture.js';
import type { OwnerMail } from '#apps/broker/src/fleet/owner-mail.js';
import { ResidencyManifest } from '#apps/broker/src/residency/residency-manifest.js';
import type { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

const word = (agentId: string, more: Partial<AlertWord> = {}): AlertWord => ({
  ...{ alertId: `alert-${agentId}`, ruleId: 'agent-unreachable', kind: 'agent-unreachable' },
  ...{ agentId, cause: 'silent', what: 'opened' },
  ...{ openedAt: new Date('2026-05-04T02:00:00Z'), closedAt: null },
  ...more,
});

const aMail = (room: MailRoom): AlertMail => {
  const consoleOrigin = 'https://console.example.org';
  return new AlertMail(
    room,
    new ConsoleOrigin(Object.assign(new BrokerConfig(), { consoleOrigin })),
    {} as OwnerMail,
  );
};

test('many agents are one mail, which leads to the console and names nobody', async () => {
  const { room, taken, close } = await aMailServer();
  const words = Array.from({ length: 25 }, (_, n) => word(`agent-${n}`));
  expect(await aMail(room).send('ops@example.com', words)).toBe('sent');
  await close();
  expect(taken).toHaveLength(1);
  const [{ text: letter }] = taken as [TakenLetter];
  expect(letter).toContain('Subject: Conduit: 25 alerts');
  expect(letter).toContain('https://console.example.org/console/operator/agents/agent-0');
  expect(letter).toContain('and 5 more');
  expect(letter).not.toContain('Practice');
});

test.each([
  [451, 'later'],
  [550, 'never'],
])('a mail server that answers %i is asked again %s', async (code, outcome) => {
  const { room, close } = await aMailServer(aRefusal(code));
  expect(await aMail(room).send('ops@example.com', [word('agent-1')])).toBe(outcome);
  await close();
});

test('without a mail server nothing waits for one', async () => {
  expect(await aMail(noMailServer()).send('ops@example.com', [word('agent-1')])).toBe('never');
});

test('a webhook is signed as Standard Webhooks says, with the secret that was shown', async () => {
  const calls: { headers: Record<string, string>; body: string }[] = [];
  const receiver = {
    post: (_url: URL, headers: Record<string, string>, body: Buffer) => {
      calls.push({ headers, body: body.toString() });
      return Promise.resolve({ statusCode: 204, durationMs: 1 });
    },
  } as unknown as CallReceiver;
  const residency = new ResidencyManifest(
    [
      {
        ...{ host: 'hooks.example.com', country: 'AU', region: 'Sydney', operator: 'Zz Hooks' },
        purposes: ['alerts'],
      },
    ],
    [],
    false,
  );
  const keyPepper = new Secret(Buffer.alloc(32, 7));
  const config = Object.assign(new BrokerConfig(), { keyPepper, residency });
  const webhook = new AlertWebhook(config, receiver, new FixedClock(1_777_860_000_000));
  const url = 'https://hooks.example.com/a';
  expect(await webhook.send('https://elsewhere.example.com/a', [word('agent-1')])).toBe('later');
  expect(calls).toEqual([]);
  expect(await webhook.send(url, [word('agent-1')])).toBe('sent');
  const { headers, body } = calls[0]!;
  const secret = Buffer.from(webhook.secretFor(url).slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = createHmac('sha256', secret).update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  expect(webhook.secretFor('https://hooks.example.com/b')).not.toBe(webhook.secretFor(url));
  expect(JSON.parse(body)).toMatchObject({
    alerts: [{ type: 'alert.opened', agentId: 'agent-1' }],
  });
});
