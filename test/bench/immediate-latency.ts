/** P2: one query at a time against the sandbox database, over the same statement by mssql directly. */
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { DirectPms } from '#test/bench/direct-pms.js';
import { load, median } from '#test/bench/load.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';

const statement =
  'SELECT TOP (10) INTERNALID, SURNAME, FIRSTNAME, DOB FROM dbo.Patient ORDER BY INTERNALID';
const durationMs = 2_000;

async function directP50(direct: DirectPms): Promise<number> {
  const samples: number[] = [];
  const started = performance.now();
  while (performance.now() - started < durationMs) {
    const sent = performance.now();
    await direct.query(statement);
    samples.push(performance.now() - sent);
  }
  return median(samples);
}

export const immediateLatency: Scenario = {
  id: 'P2',
  title: 'immediate query against the sandbox database, one at a time, p50',
  bar: '<= 2.0 of mssql directly',
  holds: (figure) => figure <= 2,
  async measure(rounds) {
    const test = await startBenchConduit();
    const direct = await DirectPms.connect(test.conduit.pms!);
    try {
      const target = queryTarget(test, JSON.stringify({ command: { text: statement } }));
      const p50 = await interleave(
        rounds,
        async () => (await load(target, { concurrency: 1, durationMs })).p50,
        () => directP50(direct),
      );
      return {
        figure: p50.product / p50.floor,
        unit: 'ratio',
        product: `${p50.product.toFixed(2)} ms`,
        floor: `${p50.floor.toFixed(2)} ms`,
      };
    } finally {
      await direct.close();
      await test.stop();
    }
  },
};
