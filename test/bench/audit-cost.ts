/**
 * A2, A3: P1 with the audit at both ends over P1 without any, taken in turns: with the embedded store,
 * and with a PostgreSQL server as a deployment has one.
 */
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { kilobyte, perSecond } from '#test/bench/immediate-rate.js';
import { interleave, type Measured, type Scenario } from '#test/bench/scenario.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';

type Stores = [withAudit: Record<string, string>, without: Record<string, string>];

async function measure(rounds: number, stores: Stores): Promise<Measured> {
  const [audited, silent] = await Promise.all([
    startBenchConduit({}, { scripted: true, brokerEnv: stores[0] }),
    startBenchConduit({}, { scripted: true, brokerEnv: stores[1], withoutAudit: true }),
  ]);
  try {
    const rates = await interleave(
      rounds,
      () => perSecond(queryTarget(audited, kilobyte)),
      () => perSecond(queryTarget(silent, kilobyte)),
    );
    return {
      figure: rates.product / rates.floor,
      unit: 'ratio',
      product: `${rates.product.toFixed(0)} queries/s`,
      floor: `${rates.floor.toFixed(0)} queries/s without audit`,
    };
  } finally {
    await Promise.all([audited.stop(), silent.stop()]);
  }
}

const common = { bar: '>= 0.90 of the rate without', holds: (figure: number) => figure >= 0.9 };

export const auditCost: Scenario[] = [
  {
    ...common,
    id: 'A2',
    title: 'P1 with the audit of both ends, embedded store',
    measure: (rounds) => measure(rounds, [{}, {}]),
  },
  {
    ...common,
    id: 'A3',
    title: 'P1 with the audit of both ends, PostgreSQL server',
    async measure(rounds) {
      const servers = await Promise.all([startPostgres(), startPostgres()]);
      const [first, second] = servers;
      if (!first || !second) throw new Error('A3 needs a PostgreSQL server');
      try {
        return await measure(rounds, [{ DATABASE_URL: first.url }, { DATABASE_URL: second.url }]);
      } finally {
        for (const server of servers) await server?.stop();
      }
    },
  },
];
