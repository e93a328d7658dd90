import { expect, test } from '@jest/globals';
import { makeApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import type { KeyBook, KeyEntry } from '#apps/broker/src/access/key-book.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { ProvenKeys } from '#apps/broker/src/access/proven-keys.js';
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
  const book = { entry };
  const find = (keyId: string) => (keyId === entry.keyId ? book.entry : undefined);
  const [audit, clock] = [new KeptAudit(), new FixedClock(0)];
  const door = new KeyDoor({ find } as KeyBook, audit, clock, config);
  return { audit, clock, book, text: made.text, door };
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

test('a key that was let in is let in again, and not once its entry has changed', () => {
  const { door, book, text } = aDoor();
  const ask = (presented: string) =>
    codesOf(1, () => door.admit(presented, '192.0.2.1', 'request-1'))[0];
  expect([ask(text), ask(text)]).toEqual(['in', 'in']);
  expect(ask(`${text.slice(0, -1)}x`)).toBe('KEY_INVALID');
  expect(ask(text.padEnd(20_000, 'x'))).toBe('KEY_INVALID');
  const before = book.entry;
  book.entry = { ...before, revoked: true };
  expect(ask(text)).toBe('KEY_REVOKED');
  book.entry = { ...before, secretHmac: Buffer.alloc(32) };
  expect(ask(text)).toBe('KEY_INVALID');
  book.entry = { ...before };
  expect(ask(text)).toBe('in');
});

test('no more proofs are kept than there is room for, and a lost one is made again', () => {
  const proven = new ProvenKeys(2);
  const entry = (keyId: string) => ({ keyId }) as KeyEntry;
  const entries = new Map(['a', 'b', 'c'].map((keyId) => [keyId, entry(keyId)]));
  const proofs: string[] = [];
  const find = (keyId: string) => entries.get(keyId);
  const prove = (presented: string) => {
    proofs.push(presented);
    return find(presented);
  };
  for (const presented of ['a', 'b', 'b', 'c', 'b', 'a']) {
    expect(proven.check(presented, find, prove)).toBe(find(presented));
  }
  expect(proofs).toEqual(['a', 'b', 'c', 'a']);
});
