/** Runs one of the project's programs from a checkout: `npm run sandbox`, `agent`, `bench`, … */
import { spawn } from 'node:child_process';
import { command, root, setUp, SetUpError } from './set-up.js';

const programs = {
  agent: 'apps/agent/src/main.js',
  broker: 'apps/broker/src/main.js',
  sandbox: 'apps/sandbox/src/main.js',
  'sandbox-load': 'apps/sandbox/src/load.js',
  bench: 'test/bench/bench.js',
  faults: 'test/faults/run-faults.js',
  'audit-verify': 'apps/verifier/src/main.js',
  prove: 'test/prove/run-prove.js',
};

await command(() => {
  const [name, ...args] = process.argv.slice(2);
  const program = programs[name];
  if (!program) throw new SetUpError(`Name a program: ${Object.keys(programs).join(', ')}.`);
  setUp((line) => process.stderr.write(`${line} …\n`), {
    redis: ['bench', 'faults', 'prove'].includes(name),
  });
  const child = spawn(process.execPath, [`${root}dist/${program}`, ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
});
