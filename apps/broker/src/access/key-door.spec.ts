import { expect, test } from '@jest/globals';
import { makeApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import type { KeyBook, KeyEntry } from '#apps/broker/src/access/key-book.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

class KeptAudit extends AuditTrail {
  readonly notes: Omit<AuditRecord, 'ts'>[] = [];

  override note(record: Omit<AuditRecord, 'ts'>): void {
    this.notes.push(record);
  }

  override record(): Promise<void> {
    return Promise.reject(new Error('a door only notes'));
  }
}

function aDoor(changes: Partial<KeyEntry> = {}) {
  const config = new BrokerConfig();
  config.keyPepper = new Secret(Buffer.alloc(32, 1));
  const made = makeApiKey('dev');
  const entry: KeyEntry = {
    keyId: made.keyId,
    integratorId: 'integrator-1',
    secretHmac: secretHmac(made.secret, config.keyPepper.reveal()),
    expiresAtMs: Infinity,
    revoked: false,
    ...changes,
  };
  const find = (keyId: string) => (keyId === entry.keyId ? entry : undefined);
  const [audit, clock] = [new KeptAudit(), new FixedClock(0)];
  const door = new KeyDoor({ find } as KeyBook, audit, clock, config);
  return { audit, clock, entry, text: made.text, door };
}

function codesOf(times: number, attempt: () => unknown): string[] {
  return Array.from({ length: times }, () => {
    try {
      attempt();
      return 'in';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
}

test('a flood of a revoked key leaves a record for each answer it got, and no more', () => {
  const { door, audit, text, clock } = aDoor({ revoked: true });
  const codes = codesOf(1_000, () => door.admit(text, '192.0.2.1', 'request-1'));
  const answered = codes.filter((code) => code === 'KEY_REVOKED').length;
  expect(answered).toBeGreaterThan(0);
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(1_000 - answered);
  expect(audit.notes).toHaveLength(answered);
  clock.advance(60_000);
  expect(codesOf(1, () => door.admit(text, '192.0.2.1', 'request-2'))).toEqual(['KEY_REVOKED']);
  expect(audit.notes).toHaveLength(answered + 1);
});
