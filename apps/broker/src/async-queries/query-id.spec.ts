import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { QueryIds } from '#apps/broker/src/async-queries/query-id.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { FixedClock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

const idsOf = (pepper: Buffer): QueryIds =>
  new QueryIds(
    Object.assign(new BrokerConfig(), { keyPepper: new Secret(pepper) }),
    new FixedClock(1_800_000_000_000),
  );

describe('ids of queries', () => {
  const pepper = randomBytes(32);
  const ids = idsOf(pepper);
  const [integrator, site] = [randomUUID(), randomUUID()];

  test('are UUIDs of version 8 that begin with their time', () => {
    const id = ids.mint(integrator, site);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(1_800_000_000_000);
  });

  test('are told from all others by every node that holds the secret', () => {
    const id = ids.mint(integrator, site);
    expect(idsOf(pepper).isOurs(id, integrator, site)).toBe(true);
    expect(idsOf(randomBytes(32)).isOurs(id, integrator, site)).toBe(false);
  });

  test('belong to one integrator and one site', () => {
    const id = ids.mint(integrator, site);
    expect(ids.isOurs(id, randomUUID(), site)).toBe(false);
    expect(ids.isOurs(id, integrator, randomUUID())).toBe(false);
  });

  test.each([0, 3, 9, 15, 19, 24, 35])('are no ids when character %i is another', (at) => {
    const id = ids.mint(integrator, site);
    const other = id[at] === '1' ? '2' : '1';
    expect(ids.isOurs(id.slice(0, at) + other + id.slice(at + 1), integrator, site)).toBe(false);
  });

  test.each(['', 'x', randomUUID()])('are not "%s"', (text) => {
    expect(ids.isOurs(text, integrator, site)).toBe(false);
  });

  test('are not given out twice in one millisecond', () => {
    const many = Array.from({ length: 500 }, () => ids.mint(integrator, site));
    expect(new Set(many).size).toBe(500);
  });
});
