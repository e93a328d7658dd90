import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { completeShape, differingPart, readShape, wholeNumber } from './clinic-options.js';
import { newPasswords, readState, writeState } from './clinic-state.js';
import { parseWords } from './command-line.js';
import { dateText, dayNumber, nextDaylightSavingDay, weekday, yearsBefore } from './days.js';
import { makeTlsFiles, stillServes } from './tls-certificate.js';

const now = Date.parse('2026-03-02T00:00:00Z');

describe('options', () => {
  test('what is not asked for is filled in', () => {
    const { scale, seed, referenceDate } = completeShape(readShape({ scale: '200' }), now);
    expect([scale, seed]).toEqual([200, 'conduit']);
    expect(referenceDate).toMatch(/^2026-03-0[123]$/);
  });

  test.each([
    [{ scale: '99' }, '--scale takes a whole number from 100 to 500000.'],
    [{ scale: '1e3' }, '--scale takes a whole number from 100 to 500000.'],
    [{ scale: '500001' }, '--scale takes a whole number from 100 to 500000.'],
    [{ seed: '' }, '--seed must not be empty.'],
    [{ 'reference-date': '2026-02-30' }, '--reference-date takes a date from 2000-01-01'],
    [{ 'reference-date': 'today' }, '--reference-date takes a date from 2000-01-01'],
  ])('%j is refused', (words, problem) => {
    expect(() => readShape(words)).toThrow(problem);
  });

  test('a port out of range and an unknown option are wrong command lines', () => {
    expect(() => wholeNumber('--port', '70000', 0, 65_535)).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
    expect(() => parseWords(['--prot', '1'], { port: { type: 'string' } })).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });

  test('the part of the shape that differs is named', () => {
    const existing = completeShape({ scale: 200 }, now);
    expect(differingPart(existing, { scale: 300 })).toBe('scale');
    expect(differingPart(existing, { scale: 200 })).toBeUndefined();
  });
});

describe('state', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'clinic-state-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is remembered in a file that only its owner reads', async () => {
    const state = {
      shape: completeShape({}, now),
      passwords: newPasswords(),
      tls: await makeTlsFiles('127.0.0.1', now),
    };
    expect(readState(directory)).toBeUndefined();
    writeState(directory, state);
    expect(readState(directory)).toEqual(state);
    expect(statSync(join(directory, 'clinic.json')).mode & 0o777).toBe(0o600);
  });

  test('every login has a password of its own, new for every state directory', () => {
    const passwords = [...Object.values(newPasswords()), ...Object.values(newPasswords())];
    expect(new Set(passwords).size).toBe(10);
  });

  test.each(['{', '{}', 'null', '{"shape":{"scale":5}}'])(
    'a damaged file (%s) is named',
    (text) => {
      writeFileSync(join(directory, 'clinic.json'), text);
      expect(() => readState(directory)).toThrow('is damaged. Start anew with --reset.');
    },
  );
});

describe('certificate', () => {
  test('names the host, localhost and 127.0.0.1, and is renewed before it ends', async () => {
    const files = await makeTlsFiles('clinic.example', now);
    for (const host of ['clinic.example', 'localhost', '127.0.0.1']) {
      expect(stillServes(files, host, now)).toBe(true);
    }
    expect(stillServes(files, 'other.example', now)).toBe(false);
    expect(stillServes(files, 'localhost', now + 85 * 86_400_000)).toBe(false);
  });
});

describe('calendar', () => {
  test('29 February becomes the 28th in a year without one', () => {
    expect(yearsBefore('2024-02-29', 1)).toBe('2023-02-28');
    expect(yearsBefore('2024-02-29', 4)).toBe('2020-02-29');
  });

  test('clocks change on the first Sunday of April and October', () => {
    expect(dateText(nextDaylightSavingDay(dayNumber('2026-03-02')))).toBe('2026-04-05');
    expect(dateText(nextDaylightSavingDay(dayNumber('2026-04-06')))).toBe('2026-10-04');
    expect(weekday(dayNumber('2026-03-02'))).toBe(0);
  });
});
