import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OutcomeBox } from '#apps/agent/src/writes/outcome-box.js';

const identity = { keyHash: Buffer.alloc(32, 1), requestHash: Buffer.alloc(32, 2) };
const plain = Buffer.from('ZzCanary was booked');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-box-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the box of outcomes', () => {
  test('gives back what it sealed, and shows nothing of it', () => {
    const box = OutcomeBox.fromFolder(folder);
    const sealed = box.seal(identity, plain);
    expect(sealed.includes('ZzCanary')).toBe(false);
    expect(box.seal(identity, plain)).not.toEqual(sealed);
    expect(OutcomeBox.fromFolder(folder).open(identity, sealed)).toEqual(plain);
  });

  test('opens nothing of another write, of another key, or that was altered', () => {
    const box = OutcomeBox.fromFolder(folder);
    const sealed = box.seal(identity, plain);
    const other = { ...identity, keyHash: Buffer.alloc(32, 3) };
    expect(box.open(other, sealed)).toBeUndefined();
    expect(box.open({ ...identity, requestHash: Buffer.alloc(32) }, sealed)).toBeUndefined();
    expect(new OutcomeBox(Buffer.alloc(32)).open(identity, sealed)).toBeUndefined();
    expect(box.open(identity, sealed.subarray(0, 20))).toBeUndefined();
    for (const at of [0, 15, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] as number) ^ 1;
      expect(box.open(identity, altered)).toBeUndefined();
    }
  });

  test('keeps its key for its owner alone, and uses no damaged one', () => {
    OutcomeBox.fromFolder(folder);
    const file = join(folder, 'write-outcomes.key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, 'short');
    expect(() => OutcomeBox.fromFolder(folder)).toThrow('damaged');
  });
});
