/** The layering rules hold over the tree, and each of them is seen to bite on a planted violation. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

interface Cruise {
  summary: {
    totalCruised: number;
    violations: { rule: { name: string }; from: string; to: string }[];
  };
}

const root = new URL('../..', import.meta.url).pathname;
const rules = `${root}test/architecture/dependency-cruiser.cjs`;

async function cruise(directory: string): Promise<Cruise['summary']> {
  const run = promisify(execFile);
  const { stdout } = await run(
    process.execPath,
    [
      `${root}node_modules/dependency-cruiser/bin/dependency-cruise.mjs`,
      '--config',
      rules,
      '--output-type',
      'json',
      'apps',
      'libs',
    ],
    { cwd: directory, maxBuffer: 256 * 1024 * 1024 },
  ).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return (JSON.parse(stdout) as Cruise).summary;
}

test('the tree keeps its layers', async () => {
  const summary = await cruise(root);
  // dependency-cruiser passes over an empty tree with a tick when it cannot read TypeScript.
  expect(summary.totalCruised).toBeGreaterThan(100);
  expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual(
    [],
  );
}, 120_000);

test('every layering rule finds its planted violation', async () => {
  const summary = await cruise(`${root}test/architecture/planted`);
  const found = new Set(summary.violations.map(({ rule }) => rule.name));
  expect([...found].sort()).toEqual([
    'agent-stays-light',
    'apps-never-import-apps',
    'areas-never-import-areas',
    'console-runs-in-a-browser',
    'console-uses-nothing-of-node',
    'contracts-stay-below-libs',
    'errors-import-kernel-only',
    'kernel-imports-nothing',
    'libs-never-import-apps',
    'no-circles',
  ]);
}, 60_000);
