import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '#libs/db/folder-lock.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conduit-lock-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = () => join(folder, 'store');

test('a second taker is refused until the first gives the lock back', () => {
  const release = lockFolder(place());
  expect(() => lockFolder(place())).toThrow(expect.objectContaining({ code: 'STORE_LOCKED' }));
  release();
  lockFolder(place())();
});

test("a dead process's lock is taken over", () => {
  const dead = spawnSync(process.execPath, ['-e', 'process.stdout.write(String(process.pid))']);
  writeFileSync(`${place()}.lock`, JSON.stringify({ pid: Number(dead.stdout), startedAt: '1' }));
  lockFolder(place())();
});

test('a lock of a process whose number was given to another is taken over', () => {
  writeFileSync(`${place()}.lock`, JSON.stringify({ pid: process.pid, startedAt: '1' }));
  lockFolder(place())();
});

test('a damaged lock file is taken over', () => {
  writeFileSync(`${place()}.lock`, 'not json');
  lockFolder(place())();
});

test('giving back twice does not remove the lock of the next holder', () => {
  const first = lockFolder(place());
  first();
  const second = lockFolder(place());
  first();
  expect(existsSync(`${place()}.lock`)).toBe(true);
  second();
});
