import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readableRegions, searchMemory } from '#test/prove/process-memory.js';
import { newMarker } from '#test/support/leak-search.js';

const marker = newMarker('Memory');
let program: ChildProcess;

beforeEach(async () => {
  program = spawn('sleep', ['60'], { env: { ...process.env, PLANTED: marker } });
  await once(program, 'spawn');
});
afterEach(() => void program.kill('SIGKILL'));

test('a word in the memory of a process is found, and another is not', () => {
  const found = searchMemory('the program', program.pid ?? 0, [marker, newMarker('Other')]);
  expect(found.leaks).toEqual([{ where: 'the program, [stack]', marker, form: 'raw' }]);
  expect(found.bytesRead).toBeGreaterThan(10_000);
});

test('a process runs on after its memory was read', async () => {
  searchMemory('the program', program.pid ?? 0, [marker]);
  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([null, 'SIGTERM']);
});

test('what is no single process is not made to stand still', () => {
  for (const pid of [-1, 0, 1, NaN]) expect(() => searchMemory('nobody', pid, [marker])).toThrow();
});

test('what is mapped from a file as it is, and what cannot be read, is left out', () => {
  const maps = [
    '00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/node',
    '00652000-00655000 rw-p 00052000 08:02 173521      /usr/bin/node',
    '00e03000-00e24000 rw-p 00000000 00:00 0           [heap]',
    '7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ',
    '7f0000021000-7f0004000000 ---p 00000000 00:00 0 ',
    '7fff0000-7fff1000 r--p 00000000 00:00 0           [vvar]',
    '',
  ].join('\n');
  expect(readableRegions(maps)).toEqual([
    { from: 0x652000, to: 0x655000, name: '/usr/bin/node' },
    { from: 0xe03000, to: 0xe24000, name: '[heap]' },
    { from: 0x7f0000000000, to: 0x7f0000021000, name: '' },
  ]);
});
