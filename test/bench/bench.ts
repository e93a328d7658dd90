/**
 * `npm run bench`: measured ratios, each with its floor from the same run. A figure counts only as a
 * ratio of medians of interleaved rounds; nothing here fails a test.
 */
import { parseArgs } from 'node:util';
import { asyncRate } from '#test/bench/async-rate.js';
import { auditCost } from '#test/bench/audit-cost.js';
import { auditLogGrowth } from '#test/bench/audit-log-growth.js';
import { fleetPage } from '#test/bench/fleet-page.js';
import { forwardedLatency } from '#test/bench/forwarded-latency.js';
import { immediateLatency } from '#test/bench/immediate-latency.js';
import { immediateRate } from '#test/bench/immediate-rate.js';
import { quietBesideFlood } from '#test/bench/quiet-beside-flood.js';
import { revocation } from '#test/bench/revocation.js';
import { streamMemory, streamThroughput } from '#test/bench/row-streams.js';
import type { Measured, Scenario } from '#test/bench/scenario.js';

const scenarios: Scenario[] = [
  immediateRate,
  immediateLatency,
  streamThroughput,
  streamMemory,
  ...quietBesideFlood,
  asyncRate,
  revocation,
  fleetPage,
  forwardedLatency,
  auditLogGrowth,
  ...auditCost,
];

const help = `npm run bench -- [options]

  --only P1,P3   some scenarios only
  --rounds N     interleaved rounds of each side (5)
  --json         one line of JSON a scenario
  --help
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function line(scenario: Scenario, measured: Measured): string {
  const { figure, unit, product, floor } = measured;
  if (values.json) {
    return JSON.stringify({
      id: scenario.id,
      figure,
      unit,
      bar: scenario.bar,
      holds: scenario.holds(figure),
      product,
      floor,
    });
  }
  const verdict = scenario.holds(figure) ? 'holds ' : 'MISSED';
  const shown =
    unit === 'ratio' ? figure.toFixed(2) : `${figure.toFixed(unit === 's' ? 2 : 0)} ${unit}`;
  return `${scenario.id}  ${verdict}  ${shown.padStart(7)}  (bar ${scenario.bar})\n      ${scenario.title}\n      product ${product}; floor ${floor}`;
}

async function run(): Promise<void> {
  const wanted = values.only?.split(',');
  for (const scenario of scenarios.filter(({ id }) => !wanted || wanted.includes(id))) {
    if (!values.json) process.stderr.write(`${scenario.id} …\n`);
    console.log(line(scenario, await scenario.measure(Number(values.rounds))));
  }
}

if (values.help) process.stdout.write(help);
else await run();
