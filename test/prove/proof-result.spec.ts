import { expect, test } from '@jest/globals';
import type { SinkProof } from '#test/prove/look-around.js';
import { places, type Place } from '#test/prove/places.js';
import { proofReport } from '#test/prove/proof-report.js';
import {
  exitCodeOf,
  placesLeftOut,
  problemsOf,
  trialProblems,
  type ProofEnd,
} from '#test/prove/proof-result.js';
import type { Proof } from '#test/prove/prove-conduit.js';

const [sent, planted] = ['123456789012', 'ZzPlanted'];

const aSink = (name: Place, ...markers: string[]): SinkProof => ({
  ...{ name, words: name, what: 'it', looks: 1, bytesRead: 10, remnants: [], controlFound: true },
  leaks: markers.map((marker) => ({ where: `in ${name}`, marker, form: 'raw' })),
});

const aProof = (sinks: SinkProof[], ...places: Place[]): Proof => ({
  ...{ database: 'embedded', sent: {}, returned: [], notReturned: [], sinks },
  planted: places.map((place) => ({ place, marker: `${planted}${place}` })),
});

const report = (end: ProofEnd): string =>
  proofReport({
    ...{ madeAt: new Date(), version: '0', machine: 'm', tookSeconds: 1, restSeconds: 1 },
    ...end,
  });

const ended = (...proofs: Proof[]): ProofEnd => ({ proofs, leftOut: [] });

test('a proof that holds ends with 0; one that found something, and none at all, with 1', () => {
  expect(exitCodeOf(ended(aProof([aSink('logs')])))).toBe(0);
  expect(exitCodeOf(ended(aProof([aSink('logs', sent)])))).toBe(1);
  expect(exitCodeOf(ended(aProof([aSink('logs')]), aProof([aSink('logs', sent)])))).toBe(1);
  expect(exitCodeOf(ended())).toBe(1);
});

test('what was left on purpose and found fails the command and is named, and is no other problem', () => {
  const proof = aProof([aSink('logs', `${planted}logs`), aSink('spool')], 'logs');
  const end: ProofEnd = { plant: 'logs', ...ended(proof) };
  expect([exitCodeOf(end), problemsOf(proof), trialProblems(end)]).toEqual([1, [], []]);
  const text = report(end);
  expect(text).toContain('Result: THE TRIAL SUCCEEDED. The word left on purpose was found');
  expect(text).toContain('! FOUND as it had to be (the embedded database): in logs, as raw [logs]');
});

test('a word that was left and not found, or found elsewhere alone, shows that a search is blind', () => {
  const elsewhere = aProof([aSink('logs'), aSink('spool', `${planted}logs`)], 'logs');
  const end: ProofEnd = { plant: 'all', ...ended(elsewhere) };
  expect(exitCodeOf(end)).toBe(3);
  expect(trialProblems(end)).toEqual([expect.stringMatching(/^MISSED .* left in logs was not/)]);
  expect(report(end)).toContain('Result: THE TRIAL FAILED');
  const nowhere: ProofEnd = { plant: 'database-dump', ...ended(aProof([aSink('logs')])) };
  expect(exitCodeOf(nowhere)).toBe(3);
  expect(report(nowhere)).toContain('! NOT PLANTED: there is no place database-dump here');
});

test('a trial that finds something else beside what was left says that the proof failed', () => {
  const proof = aProof([aSink('logs', `${planted}logs`, sent)], 'logs');
  const end: ProofEnd = { plant: 'all', ...ended(proof) };
  expect(exitCodeOf(end)).toBe(1);
  expect(report(end)).toContain('Result: THE PROOF FAILED');
  expect(report(end)).toContain('! FOUND (the embedded database): in logs');
});

test('a proof that left something out ends with 4 and says so first; what was found counts more', () => {
  const leftOut = ['PostgreSQL: there is no server program'];
  const end: ProofEnd = { proofs: [aProof([aSink('logs')])], leftOut };
  expect(exitCodeOf(end)).toBe(4);
  expect(report(end)).toContain('Result: NOT EVERYTHING WAS SEARCHED. Nothing was found where');
  expect(report(end)).toContain(
    `Left out on this machine\n------------------------\n\n* ${leftOut[0]}`,
  );
  expect(exitCodeOf({ proofs: [aProof([aSink('logs', sent)])], leftOut })).toBe(1);
  expect(exitCodeOf({ proofs: [], leftOut })).toBe(1);
});

test('each place that was not searched is left out, with its reason', () => {
  const without = (database: Proof['database'], ...missing: Place[]) =>
    placesLeftOut({
      database,
      sinks: places.filter((place) => !missing.includes(place)).map((place) => aSink(place)),
    });
  expect(without('postgresql')).toEqual([]);
  expect(without('postgresql', 'database-dump', 'redis-memory')).toEqual([
    'redis-memory with PostgreSQL: that Redis was not started by the proof',
    'database-dump with PostgreSQL: there is no pg_dump',
  ]);
  // It has no program that dumps it.
  expect(without('embedded', 'database-dump')).toEqual([]);
  expect(without('embedded', 'logs')).toEqual(['logs with the embedded database: absent']);
});
