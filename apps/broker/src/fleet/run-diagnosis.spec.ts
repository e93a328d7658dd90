import { expect, test } from '@jest/globals';
import { keptFindings } from '#apps/broker/src/fleet/run-diagnosis.js';

const own = new Set(['11111111-2222-4333-8444-555555555555']);
const finding = {
  check: 'read.insert',
  siteId: '11111111-2222-4333-8444-555555555555',
  ok: false,
  severity: 'critical',
};

test('findings of the doctor’s form about the agent’s own sites are kept, without anything beside', () => {
  const more = { ...finding, words: 'Mrs Zz', remedy: 'call her' };
  expect(keptFindings([more], own)).toEqual([finding]);
  const upper = { ...finding, siteId: finding.siteId.toUpperCase() };
  expect(keptFindings([upper], own)).toEqual([finding]);
});

test.each([
  ['no list', { findings: [finding] }],
  ['no object', [null, 'read.insert', 7]],
  ['a sentence for a check', [{ ...finding, check: 'patient Zz was here' }]],
  ['a long word', [{ ...finding, check: `read.${'x'.repeat(31)}` }]],
  ['a word of one part', [{ ...finding, check: 'Smith' }]],
  ['another agent’s site', [{ ...finding, siteId: '99999999-2222-4333-8444-555555555555' }]],
  ['a word for a yes', [{ ...finding, ok: 'yes' }]],
  ['a severity of its own', [{ ...finding, severity: 'Zz' }]],
])('%s is dropped', (_what, said) => {
  expect(keptFindings(said, own)).toEqual([]);
});

test('no more than a thousand are looked at', () => {
  expect(keptFindings(Array(5_000).fill(finding), own)).toHaveLength(1_000);
});
