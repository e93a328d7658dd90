import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { signatureHeaders } from '#apps/broker/src/webhooks/sign-delivery.js';
import { WebhookSecrets } from '#apps/broker/src/webhooks/webhook-secrets.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';
import { verifyWebhook, type WebhookTrust } from '#libs/webhooks/verify-webhook.js';

function someSecrets(pepper = randomBytes(32)): WebhookSecrets {
  const config = new BrokerConfig();
  config.keyPepper = new Secret(pepper);
  return new WebhookSecrets(config);
}

const eventId = '0b6f2b1e-6f3c-4b7e-9d0a-3f1c2d4e5f60';
const body = Buffer.from(JSON.stringify({ id: eventId, siteId: 'ü' }));
const nowMs = Date.parse('2026-03-04T00:00:00.123Z');
const secrets = someSecrets();
const old = secrets.make('hook-1');
const fresh = secrets.make('hook-1');
const keys = (made: typeof old) => secrets.open('hook-1', made.sealed);
const lower = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function judge(
  style: 'halo' | 'standard',
  trust: WebhookTrust,
  { isRotating = false, sentAtMs = nowMs, received = body, headers = {} } = {},
) {
  const signing = {
    style,
    current: keys(isRotating ? fresh : old),
    ...(isRotating && { previous: keys(old) }),
  };
  const signed = lower(signatureHeaders(signing, eventId, sentAtMs, body));
  const verdict = verifyWebhook(
    { headers: { ...signed, ...headers }, body: received },
    {
      nowMs,
      ...trust,
    },
  );
  return verdict.ok ? verdict.id : verdict.reason;
}

describe('the secret of an endpoint', () => {
  test('is stored in a form that only its own server and endpoint open', () => {
    const pepper = randomBytes(32);
    const made = someSecrets(pepper).make('hook-1');
    expect(someSecrets(pepper).open('hook-1', made.sealed).secret).toBe(made.secret);
    expect(() => someSecrets(pepper).open('hook-2', made.sealed)).toThrow(ConduitError);
    expect(() => someSecrets().open('hook-1', made.sealed)).toThrow(ConduitError);
    for (let at = 0; at < made.sealed.length; at += 1) {
      const changed = Buffer.from(made.sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => someSecrets(pepper).open('hook-1', changed)).toThrow(ConduitError);
    }
    const text = made.sealed.toString('latin1');
    expect(text).not.toContain(Buffer.from(made.secret.slice(6), 'base64').toString('latin1'));
  });
});

describe('a signature in the style of Halo', () => {
  test('is the lower-case hex HMAC-SHA256 of body, dot and ISO time', () => {
    const headers = signatureHeaders({ style: 'halo', current: keys(old) }, eventId, nowMs, body);
    const timestamp = '2026-03-04T00:00:00.123Z';
    const expected = createHmac('sha256', old.secret).update(`${body}.${timestamp}`).digest('hex');
    expect(headers).toEqual({
      'X-Halo-Id': eventId,
      'X-Halo-Timestamp': timestamp,
      'X-Halo-Signature-256': expected,
    });
  });
});

describe('a signature in the standard style', () => {
  test('is the example of the Standard Webhooks reference libraries', () => {
    const secret = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const request = {
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      body: Buffer.from('{"test": 2432232314}'),
    };
    const trust = { secrets: [`whsec_${secret}`], nowMs: 1_614_265_330_000 };
    expect(verifyWebhook(request, trust)).toEqual({ ok: true, id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' });
  });

  test('can be checked with the public key alone', () => {
    expect(judge('standard', { publicKeys: [old.publicKey] })).toBe(eventId);
    expect(judge('standard', { publicKeys: [fresh.publicKey] })).toBe('signature-wrong');
    expect(judge('standard', { publicKeys: ['whpk_short', ''] })).toBe('signature-wrong');
  });
});

describe.each(['halo', 'standard'] as const)('a delivery in the %s style', (style) => {
  const right = { secrets: [old.secret] };

  test('is accepted with the right secret', () => {
    expect(judge(style, right)).toBe(eventId);
  });

  test('is refused with a wrong secret, none, or another body', () => {
    expect(judge(style, { secrets: [fresh.secret] })).toBe('signature-wrong');
    expect(judge(style, {})).toBe('signature-wrong');
    expect(judge(style, right, { received: Buffer.concat([body, body]) })).toBe('signature-wrong');
  });

  test('is accepted with either secret while they are being replaced', () => {
    for (const { secret } of [old, fresh]) {
      expect(judge(style, { secrets: [secret] }, { isRotating: true })).toBe(eventId);
    }
  });

  test('is refused when it is old, comes from the future, or says no time', () => {
    const time = style === 'halo' ? 'x-halo-timestamp' : 'webhook-timestamp';
    for (const sentAtMs of [nowMs - 301_000, nowMs + 301_000]) {
      expect(judge(style, right, { sentAtMs })).toBe('timestamp-out-of-range');
    }
    expect(judge(style, right, { sentAtMs: nowMs - 299_000 })).toBe(eventId);
    for (const odd of ['soon', '-1', '1e9']) {
      expect(judge(style, right, { headers: { [time]: odd } })).toBe('timestamp-out-of-range');
    }
  });

  test('is refused under another id', () => {
    const id = style === 'halo' ? 'x-halo-id' : 'webhook-id';
    expect(judge(style, right, { headers: { [id]: 'another' } })).toBe('signature-wrong');
  });
});

test('whatever a stranger sends is refused without a throw', () => {
  const names = ['x-halo-id', 'x-halo-timestamp', 'x-halo-signature-256'];
  const more = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const header = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string()));
  const headers = fc.dictionary(fc.constantFrom(...names, ...more), header);
  fc.assert(
    fc.property(headers, fc.uint8Array(), (given, bytes) => {
      const verdict = verifyWebhook(
        { headers: given, body: bytes },
        {
          secrets: [old.secret],
          publicKeys: [old.publicKey],
          toleranceMs: Infinity,
        },
      );
      expect(verdict.ok).toBe(false);
    }),
  );
});
