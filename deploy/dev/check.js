/** `npm run check`: format, lint, types, layers, dead code. The rules are proven to bite by test/architecture. */
import { spawnSync } from 'node:child_process';
import { command, root, setUp } from './set-up.js';

const bin = (path) => `${root}node_modules/${path}`;
const checks = [
  ['format', bin('prettier/bin/prettier.cjs'), ['--check', '--log-level', 'warn', '.']],
  [
    'lint',
    bin('eslint/bin/eslint.js'),
    ['--config', 'test/architecture/eslint.config.js', '--max-warnings', '0', '.'],
  ],
  ['types', bin('typescript/bin/tsc'), ['-p', '.']],
  ['types of the console', bin('typescript/bin/tsc'), ['-p', 'apps/console']],
  [
    'layers',
    bin('dependency-cruiser/bin/dependency-cruise.mjs'),
    [
      '--config',
      'test/architecture/dependency-cruiser.cjs',
      '--output-type',
      'err',
      'apps',
      'libs',
    ],
  ],
  [
    'dead code',
    bin('knip/bin/knip.js'),
    ['--config', 'test/architecture/knip.json', '--no-progress'],
  ],
];

await command(() => {
  setUp(() => undefined, { redis: false });
  let failed = 0;
  for (const [name, program, args] of checks) {
    const started = Date.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (status !== 0) {
      failed += 1;
      console.log(`${stdout}${stderr}`);
    }
  }
  return failed === 0 ? 0 : 1;
});
