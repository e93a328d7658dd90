import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';
import { uuid7, uuidMadeAtMs } from '#libs/kernel/uuid7.js';

const nowMs = 1_800_000_000_000;
const idsOf = (pepper: Buffer): ReceiptIds =>
  new ReceiptIds(
    Object.assign(new BrokerConfig(), { keyPepper: new Secret(pepper) }),
    new FixedClock(nowMs),
  );

describe('ids of what is answered at once', () => {
  const pepper = randomBytes(32);
  const ids = idsOf(pepper);

  test('are UUIDs of version 7, and no two are alike in one millisecond', () => {
    const many = Array.from({ length: 1_000 }, () => ids.mint('i-1'));
    expect(new Set(many).size).toBe(1_000);
    for (const id of many)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidMadeAtMs(many[0] ?? '')).toBe(nowMs);
  });

  test('are told by every node that holds the secret, and are one integrator’s', () => {
    const id = ids.mint('i-1');
    expect(idsOf(pepper).isOurs(id, 'i-1')).toBe(true);
    expect(idsOf(randomBytes(32)).isOurs(id, 'i-1')).toBe(false);
    expect(ids.isOurs(id, 'i-2')).toBe(false);
    for (const other of ['', 'x', uuid7(nowMs), id.toUpperCase()])
      expect(ids.isOurs(other, 'i-1')).toBe(false);
  });

  test.each([0, 12, 16, 20, 24, 27, 28, 35])('are none when character %i is another', (at) => {
    const id = ids.mint('i-1');
    const other = id[at] === '1' ? '2' : '1';
    expect(ids.isOurs(id.slice(0, at) + other + id.slice(at + 1), 'i-1')).toBe(false);
  });
});
