import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { isProcessAlive } from '#libs/kernel/process-alive.js';

test('this process is alive', () => {
  expect(isProcessAlive(process.pid)).toBe(true);
});

test('a process that ended is not', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(isProcessAlive(child.pid ?? 0)).toBe(false);
});

const hasProc = process.platform === 'linux';
(hasProc ? test : test.skip)('a killed process that nobody has collected is not', async () => {
  // The shell starts a child, becomes a program that never collects it, and the child ends.
  const shell = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30']);
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const end = Date.now() + 5_000;
  while (isProcessAlive(pid) && Date.now() < end) await new Promise((r) => setTimeout(r, 20));
  expect(isProcessAlive(pid)).toBe(false);
  expect(() => process.kill(pid, 0)).not.toThrow();
  shell.kill('SIGKILL');
  await once(shell, 'exit');
});
