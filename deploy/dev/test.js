/**
 * `npm test`: sets up what is missing and runs every test; words after it choose files as jest does.
 * Programs that only some tests need are installed when that is possible; where it is not, those
 * tests say loudly that they were skipped.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { command, installDebianPackages, onPath, root, setUp } from './set-up.js';

const wishes = [
  { package: 'freetds-bin', present: () => onPath('tsql') },
  { package: 'chromium', present: () => onPath('chromium') },
  { package: 'postgresql', present: () => existsSync('/usr/lib/postgresql') },
];

/** End-to-end tests wait as much as they work: three at once fit on two cores. */
const workers = Math.max(3, availableParallelism() - 1);

await command(async () => {
  const say = (line) => process.stdout.write(`${line} …\n`);
  setUp(say);
  const missing = wishes.filter((wish) => !wish.present()).map((wish) => wish.package);
  if (missing.length > 0 && !installDebianPackages(say, missing)) {
    say(`Not installed, some tests will be skipped: ${missing.join(' ')}`);
  }
  const { makeEmptyStore } = await import(`${root}dist/libs/db/empty-store.fixture.js`);
  const { makeFilledClinic } = await import(
    `${root}dist/apps/sandbox/src/clinic/filled-clinic.fixture.js`
  );
  const [emptyStore, filledClinic] = await Promise.all([makeEmptyStore(), makeFilledClinic()]);
  const resultFile = `${root}node_modules/.conduit-test-result.json`;
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      `${root}node_modules/jest/bin/jest.js`,
      '--json',
      `--outputFile=${resultFile}`,
      `--maxWorkers=${workers}`,
      ...process.argv.slice(2),
    ],
    {
      cwd: root,
      stdio: ['inherit', 'ignore', 'inherit'],
      env: {
        ...process.env,
        CONDUIT_TEST_EMPTY_STORE: emptyStore,
        CONDUIT_TEST_FILLED_CLINIC: filledClinic,
      },
    },
  );
  const code = await new Promise((resolve) => jest.on('exit', (status) => resolve(status ?? 1)));
  for (const made of [emptyStore, filledClinic]) rmSync(made, { recursive: true, force: true });
  if (existsSync(resultFile)) {
    const result = JSON.parse(readFileSync(resultFile, 'utf8'));
    const skipped = result.numPendingTests + result.numTodoTests;
    // A spec file that could not even load counts as a failure.
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    console.log(
      `${result.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
    );
  }
  return code;
});
