/**
 * `npm run test:faults`: seeded rounds of faults against a whole conduit. A case is one query in one
 * round; several queries share a fault. Ends with `N passed, N failed` and fails when any did.
 */
import { parseArgs } from 'node:util';
import { type CaseKind, caseKinds } from '#test/faults/case-history.js';
import { describeFault, planRound } from '#test/faults/fault-plan.js';
import { FaultyConduit } from '#test/faults/faulty-conduit.js';
import { type RoundResult, runRound } from '#test/faults/run-round.js';
import { Outcomes } from '#test/faults/tell-outcomes.js';

const help = `npm run test:faults -- [options]

  --seeds N     rounds, each with a seed of its own (30)
  --seed S      the first seed; with --seeds 1 one round again (drawn anew each time)
  --minutes M   begin no round after so long (60)
  --cases N     queries in a round (12)
  --kinds A,B   of ${caseKinds.join(', ')}
  --only TEXT   rounds whose fault reads so, e.g. "kill sandbox"
  --help

A seed repeats the plan of a round: its queries, its fault and when it strikes. What the fault meets
is up to the machine.
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    cases: { type: 'string', default: '12' },
    kinds: { type: 'string' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const count = { passed: 0, failed: 0 };
const failedSeeds: number[] = [];
const outcomes = new Outcomes();

function report(seed: number, result: RoundResult): void {
  result.histories.forEach((history) => outcomes.note(history));
  const broken = new Set(result.violations.map(({ caseId }) => caseId));
  count.failed += broken.size;
  count.passed += result.histories.length - broken.size;
  if (broken.size > 0) failedSeeds.push(seed);
  for (const { rule, caseId, words } of result.violations) {
    console.log(`    ${rule}: ${words} (${caseId})`);
    const history = result.histories.find(({ id }) => id === caseId);
    console.log(`      ${JSON.stringify(history?.told)}`);
  }
}

let faulty: FaultyConduit | undefined;

/** Somebody ends this program: its processes end with it. */
function stopWhenAsked(): void {
  const stop = (): void => {
    const stopped = faulty?.stop() ?? Promise.resolve();
    void stopped.finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
}

let isTold = false;

/** What these rounds cannot do is said, once. */
async function start(): Promise<FaultyConduit> {
  const started = await FaultyConduit.start();
  const missing = [
    !started.hasPostgres && 'faults of PostgreSQL (no server program)',
    !started.machine.hasSmallDisk && 'DISK FULL (only root on Linux can mount a small disk)',
    !started.machine.hasClocks &&
      'CLOCK JUMPS (libfaketime is not installed: apt-get install faketime)',
  ].filter((words) => words !== false);
  if (!isTold) for (const words of missing) console.log(`LEFT OUT: ${words}`);
  isTold = true;
  return started;
}

async function run(): Promise<void> {
  const kinds = (values.kinds?.split(',') ??
    caseKinds.filter((kind) => kind !== 'registered')) as CaseKind[];
  const first = Number(values.seed ?? Math.floor(Math.random() * 1_000_000_000));
  const end = performance.now() + Number(values.minutes) * 60_000;
  try {
    let seed = first >>> 0;
    for (let round = 0; round < Number(values.seeds) && performance.now() < end; seed += 1) {
      faulty ??= await start();
      const { hasPostgres } = faulty;
      const { hasSmallDisk, hasClocks } = faulty.machine;
      const cases = Number(values.cases);
      const plan = planRound(seed, { cases, kinds, hasPostgres, hasSmallDisk, hasClocks });
      if (!describeFault(plan.fault).includes(values.only)) continue;
      round += 1;
      const begun = performance.now();
      const result = await runRound(faulty, plan);
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
      const verdict = result.violations.length === 0 ? 'ok' : 'FAILED';
      const { healthyAfterMs } = result;
      const healthy =
        healthyAfterMs === undefined
          ? 'not healthy again'
          : `healthy ${(healthyAfterMs / 1_000).toFixed(1)} s later`;
      console.log(
        `seed ${seed}  ${describeFault(plan.fault)}  ${healthy}, ${seconds} s  ${verdict}`,
      );
      report(seed, result);
      if (healthyAfterMs !== undefined) continue;
      await faulty.stop();
      faulty = undefined;
    }
  } finally {
    await faulty?.stop();
  }
  for (const line of outcomes.lines) console.log(line);
  for (const seed of failedSeeds)
    console.log(`again: npm run test:faults -- --seed ${seed} --seeds 1`);
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
}

if (values.help) process.stdout.write(help);
else {
  stopWhenAsked();
  await run();
}
