import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BYTES_PER_UTF16_UNIT, JsonOutput } from '#apps/agent/src/pms/rows/json-output.js';

function written(write: (out: JsonOutput) => void): string {
  const chunks: Buffer[] = [];
  const out = new JsonOutput((chunk) => chunks.push(chunk));
  write(out);
  out.deliverTo(out.total);
  return Buffer.concat(chunks).toString('utf8');
}

describe('JSON text written byte by byte', () => {
  test('reads back as the same string for any UTF-16 text, lone surrogates and NUL included', () => {
    const anyText = fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
        const bytes = Buffer.from(text, 'utf16le');
        const json = written((out) => {
          out.ensure(text.length * BYTES_PER_UTF16_UNIT + 2);
          out.quote();
          out.utf16(bytes, 0, bytes.length);
          out.quote();
        });
        expect(json).toBe(JSON.stringify(text));
      }),
    );
  });

  test('writes whole numbers as JavaScript does', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const json = written((out) => {
          out.ensure(17);
          out.integer(value);
        });
        expect(json).toBe(String(value));
      }),
    );
  });

  test('delivers every byte once, whatever the sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 90_000 }), { maxLength: 6 }), (texts) => {
        expect(written((out) => texts.forEach((text) => out.string(text)))).toBe(
          texts.map((text) => JSON.stringify(text)).join(''),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('takes back what has not left, and says so when it has', () => {
    const chunks: Buffer[] = [];
    const out = new JsonOutput((chunk) => chunks.push(chunk));
    out.ascii('kept');
    const mark = out.total;
    out.ascii('dropped');
    expect(out.rewindTo(mark)).toBe(true);
    out.deliverTo(out.total);
    out.ascii('more');
    expect(out.rewindTo(mark - 1)).toBe(false);
    expect(Buffer.concat(chunks).toString()).toBe('kept');
  });
});
