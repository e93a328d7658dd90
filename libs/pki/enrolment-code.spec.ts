import { describe, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { decodeCrockford, encodeCrockford } from '#libs/pki/crockford.js';
import {
  deriveCodeKey,
  makeEnrolmentCode,
  pinMatches,
  readEnrolmentCode,
  writeEnrolmentCode,
} from '#libs/pki/enrolment-code.js';
import { rawPublicKey } from '#libs/pki/keys.js';
import { transcript, transcriptLabels } from '#libs/pki/transcript.js';

const pin = createHash('sha256').update('a CA').digest();

describe('an enrolment code', () => {
  test('is twelve groups of six, and reads back', () => {
    const code = makeEnrolmentCode(pin);
    const text = writeEnrolmentCode(code);
    expect(text).toMatch(/^CE1(-[0-9A-HJKMNP-TV-Z]{6}){12}$/);
    const read = readEnrolmentCode(text);
    expect(read.codeId).toBe(code.codeId);
    expect(read.seed.reveal()).toEqual(code.seed.reveal());
    expect(pinMatches(read, pin)).toBe(true);
  });

  test('survives lower case, spaces and letters that look like digits', () => {
    const text = writeEnrolmentCode(makeEnrolmentCode(pin));
    const mangled = ` ${text.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    const typed = mangled.replace('cel', 'ce1');
    expect(readEnrolmentCode(typed).codeId).toBe(readEnrolmentCode(text).codeId);
  });

  test('with a mistyped or missing character is refused', () => {
    const text = writeEnrolmentCode(makeEnrolmentCode(pin));
    for (let at = 0; at < text.length; at += 1) {
      if (text[at] === '-') continue;
      const typo = text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1);
      expect(() => readEnrolmentCode(typo)).toThrow('enrolment code');
      expect(() => readEnrolmentCode(text.slice(0, at) + text.slice(at + 1))).toThrow();
    }
  });

  test.each(['', 'CE1', 'CE2-000000', 'CE1-UUUUUU', 'x'.repeat(1_000_000)])(
    'that is nothing like one is refused: %#',
    (text) => expect(() => readEnrolmentCode(text)).toThrow('enrolment code'),
  );

  test('derives one key from one seed, another under another id', () => {
    const code = makeEnrolmentCode(pin);
    const same = readEnrolmentCode(writeEnrolmentCode(code));
    expect(rawPublicKey(deriveCodeKey(same).publicKey)).toEqual(
      rawPublicKey(deriveCodeKey(code).publicKey),
    );
    const moved = { ...code, codeId: '0011223344556677' };
    expect(rawPublicKey(deriveCodeKey(moved).publicKey)).not.toEqual(
      rawPublicKey(deriveCodeKey(code).publicKey),
    );
  });

  test('does not match another authority', () => {
    const code = makeEnrolmentCode(pin);
    expect(pinMatches(code, randomBytes(32))).toBe(false);
    expect(pinMatches(code, Buffer.alloc(0))).toBe(false);
    expect(pinMatches({ caPin: Buffer.alloc(0) }, pin)).toBe(false);
  });

  test('does not print its seed', () => {
    const code = makeEnrolmentCode(pin);
    expect(inspect(code) + JSON.stringify(code)).not.toContain(code.seed.reveal().toString('hex'));
  });
});

describe('base 32', () => {
  test('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeCrockford(encodeCrockford(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

describe('a transcript', () => {
  test('differs when a byte moves from one field to the next', () => {
    const label = transcriptLabels.recovery;
    const one = transcript(label, [Buffer.from('ab'), Buffer.from('c')]);
    const two = transcript(label, [Buffer.from('a'), Buffer.from('bc')]);
    expect(one).not.toEqual(two);
    expect(transcript(transcriptLabels.time, [Buffer.from('ab')])).not.toEqual(one);
  });
});
