import { expect, test } from '@jest/globals';
import { proofReport } from '#test/prove/proof-report.js';
import { problemsOf } from '#test/prove/proof-result.js';
import type { SinkProof } from '#test/prove/look-around.js';
import type { Proof } from '#test/prove/prove-conduit.js';

const leak = { where: 'logs/broker.log', marker: '123', form: 'hex' };

const aSink = (more: Partial<SinkProof> = {}): SinkProof => ({
  name: 'logs',
  words: 'all log output',
  what: '3 files',
  looks: 1,
  bytesRead: 2_000_000,
  leaks: [],
  remnants: [],
  controlFound: true,
  ...more,
});

const aProof = (sink: SinkProof, more: Partial<Proof> = {}): Proof => ({
  database: 'embedded',
  sent: { literal: '200', THROW: '400' },
  returned: ['literal'],
  notReturned: [],
  planted: [],
  sinks: [sink],
  ...more,
});

const reportOf = (proofs: Proof[], leftOut: string[] = []): string =>
  proofReport({
    madeAt: new Date('2026-03-04T05:06:07Z'),
    version: '0.1.0',
    machine: 'a machine',
    tookSeconds: 200,
    restSeconds: 30,
    proofs,
    leftOut,
  });

const report = (...proofs: Proof[]): string => reportOf(proofs);

test('a proof that holds says so, and what was done', () => {
  const text = report(aProof(aSink()));
  expect(problemsOf(aProof(aSink()))).toEqual([]);
  expect(text).toContain('Result: NOTHING WAS FOUND');
  expect(text).toContain('3 files, 1.91 MB: nothing found.');
  expect(text).toContain('* literal: 200');
  expect(text).toContain('  THROW: 400');
  expect(text).not.toContain('Left out');
  const leftOut = reportOf([aProof(aSink())], ['redis-memory: it is not ours. '.repeat(9)]);
  for (const line of `${text}\n${leftOut}`.split('\n'))
    expect(line.length).toBeLessThanOrEqual(100);
});

test.each<[string, Proof]>([
  ['FOUND', aProof(aSink({ leaks: [leak] }))],
  ['BLIND', aProof(aSink({ controlFound: false }))],
  ['NOT SENT', aProof(aSink(), { notReturned: ['literal'] })],
])('a proof in which one thing is wrong fails by it: %s', (word, proof) => {
  expect(problemsOf(proof)).toEqual([expect.stringContaining(word)]);
  const text = report(aProof(aSink()), proof);
  expect(text).toContain('Result: THE PROOF FAILED');
  expect(text).toContain(`! ${word} (the embedded database)`);
});

test('remnants are told and fail nothing, but their place has to be seen', () => {
  const told = { remnants: [leak], toldOnly: 'It goes with the process.' };
  expect(problemsOf(aProof(aSink(told)))).toEqual([]);
  expect(report(aProof(aSink(told)))).toContain('remnants in 1 stretch of memory. It goes');
  expect(report(aProof(aSink(told)))).toContain('THE PROOF HOLDS. Nothing was found in any');
  expect(problemsOf(aProof(aSink({ ...told, controlFound: false })))).toHaveLength(1);
});

test('nothing proven is no proof', () => {
  expect(report()).toContain('THE PROOF FAILED');
});
