import { expect, test } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { auditLeaf, auditLeafQuoted, wellFormed } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';

test('is the canonical JSON of any record', () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.constant(undefined),
  );
  const fields = fc.record({ ts: value, type: value, seq: value, errorCode: value, site: value });
  fc.assert(
    fc.property(fields, (record) => {
      fc.pre(Object.values(record).some((field) => field !== undefined));
      const leaf = canonicalize(record) as string;
      expect(auditLeaf(record as unknown as AuditRecord)).toBe(leaf);
      const quoted = JSON.stringify(leaf);
      expect(auditLeafQuoted(record as unknown as AuditRecord)).toEqual({ leaf, quoted });
    }),
  );
});

test('refuses what has no place in a record', () => {
  const record = { ts: '2026-01-01T00:00:00.000Z', type: 'key.created' } as const;
  expect(() => auditLeaf({ ...record, site: '\ud800' })).toThrow(TypeError);
  expect(() => auditLeaf({ ...record, grantSeq: 1.5 })).toThrow(TypeError);
  for (const site of ['\ud800', 'a"b', '\\', '\n'])
    if (site === '\ud800') expect(() => auditLeafQuoted({ ...record, site })).toThrow(TypeError);
    else expect(auditLeafQuoted({ ...record, site }).leaf).toBe(canonicalize({ ...record, site }));
  expect(() => auditLeafQuoted({ ...record, grantSeq: 1.5 })).toThrow(TypeError);
  const mended = wellFormed({ ...record, site: 'a\ud800', agent: '\u{1f600}', grantSeq: 1.5 });
  expect(mended).toEqual({ ...record, site: 'a\ufffd', agent: '\u{1f600}' });
});
