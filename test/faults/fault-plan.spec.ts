import { expect, test } from '@jest/globals';
import { caseKinds } from '#test/faults/case-history.js';
import { clocks, describeFault, planRound, victims } from '#test/faults/fault-plan.js';

const wishes = {
  cases: 12,
  kinds: caseKinds,
  hasPostgres: true,
  hasSmallDisk: true,
  hasClocks: true,
};
const many = Array.from({ length: 2_000 }, (_, seed) => planRound(seed, wishes));

test('a seed gives the same round again', () => {
  expect(planRound(77, wishes)).toEqual(planRound(77, wishes));
  expect(planRound(77, wishes)).not.toEqual(planRound(78, wishes));
});

test('every kind of query comes in every round, and every fault to everybody in many', () => {
  for (const { cases } of many) expect(new Set(cases.map(({ kind }) => kind)).size).toBe(6);
  const words = many.map(({ fault }) => describeFault(fault));
  for (const what of ['cut', 'freeze', 'refuse', 'halfOpen', 'cutAfter', 'delay'])
    for (const line of ['link', 'database'])
      expect(words.some((word) => word.startsWith(`${what} ${line}`))).toBe(true);
  for (const what of ['kill', 'pause'])
    for (const victim of victims)
      expect(words.some((word) => word.startsWith(`${what} ${victim}`))).toBe(true);
  for (const what of ['jobsTwice', 'diskFull'])
    expect(words.some((word) => word.startsWith(what))).toBe(true);
  for (const owner of clocks)
    for (const seconds of [-3_600, 3_600])
      expect(words.some((word) => word.startsWith(`clockJump ${owner} ${seconds}`))).toBe(true);
});

test('nonces never repeat, and nothing is done to what cannot be had', () => {
  const nonces = many.flatMap(({ cases }) => cases.map(({ nonce }) => nonce));
  expect(new Set(nonces).size).toBe(nonces.length);
  for (let seed = 0; seed < 500; seed += 1) {
    const { fault } = planRound(seed, {
      ...wishes,
      hasPostgres: false,
      hasSmallDisk: false,
      hasClocks: false,
    });
    expect(describeFault(fault)).not.toMatch(/postgres|diskFull|clockJump/);
  }
});

test('of async queries, and of no others, some are cancelled', () => {
  const cases = many.flatMap((round) => round.cases);
  const cancelled = cases.filter(({ cancelAfterMs }) => cancelAfterMs !== undefined);
  expect(cancelled.length).toBeGreaterThan(500);
  expect(new Set(cancelled.map(({ kind }) => kind))).toEqual(new Set(['asyncRead', 'asyncWrite']));
});
