import { expect, test } from '@jest/globals';
import type { SinkProof } from '#test/prove/look-around.js';
import type { Place } from '#test/prove/places.js';
import { proofReport } from '#test/prove/proof-report.js';
import { exitCodeOf, problemsOf, trialProblems, type ProofEnd } from '#test/prove/proof-result.js';
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
    ...{ leftOut: [], ...end },
  });

test('a proof that holds ends with 0; one that found something, and none at all, with 1', () => {
  expect(exitCodeOf({ proofs: [aProof([aSink('logs')])] })).toBe(0);
  expect(exitCodeOf({ proofs: [aProof([aSink('logs', sent)])] })).toBe(1);
  expect(exitCodeOf({ proofs: [aProof([aSink('logs')]), aProof([aSink('logs', sent)])] })).toBe(1);
  expect(exitCodeOf({ proofs: [] })).toBe(1);
});

test('what was left on purpose and found fails the command and is named, and is no other problem', () => {
  const proof = aProof([aSink('logs', `${planted}logs`), aSink('spool')], 'logs');
  const end: ProofEnd = { plant: 'logs', proofs: [proof] };
  expect([exitCodeOf(end), problemsOf(proof), trialProblems(end)]).toEqual([1, [], []]);
  const text = report(end);
  expect(text).toContain('Result: THE TRIAL SUCCEEDED. The word left on purpose was found');
  expect(text).toContain('! FOUND as it had to be (the embedded database): in logs, as raw [logs]');
});

test('a word that was left and not found, or found elsewhere alone, shows that a search is blind', () => {
  const elsewhere = aProof([aSink('logs'), aSink('spool', `${planted}logs`)], 'logs');
  const end: ProofEnd = { plant: 'all', proofs: [elsewhere] };
  expect(exitCodeOf(end)).toBe(3);
  expect(trialProblems(end)).toEqual([expect.stringMatching(/^MISSED .* left in logs was not/)]);
  expect(report(end)).toContain('Result: THE TRIAL FAILED');
  const nowhere: ProofEnd = { plant: 'database-dump', proofs: [aProof([aSink('logs')])] };
  expect(exitCodeOf(nowhere)).toBe(3);
  expect(report(nowhere)).toContain('! NOT PLANTED: there is no place database-dump here');
});

test('a trial that finds something else beside what was left says that the proof failed', () => {
  const proof = aProof([aSink('logs', `${planted}logs`, sent)], 'logs');
  const end: ProofEnd = { plant: 'all', proofs: [proof] };
  expect(exitCodeOf(end)).toBe(1);
  expect(report(end)).toContain('Result: THE PROOF FAILED');
  expect(report(end)).toContain('! FOUND (the embedded database): in logs');
});
