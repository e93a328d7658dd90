/**
 * A2, A3: P1 with the audit at both ends over P1 without any, taken in turns: with the embedded store,
 * and with a PostgreSQL server as a deployment has one. Of several conduits of each kind.
 */
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { kilobyte, perSecond } from '#test/bench/immediate-rate.js';
import { interleave, type Measured, type Scenario } from '#test/bench/scenario.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** Two processes that do the same differ by up to a tenth for as long as they live: one pair would measure that. */
const PAIRS = 3;

interface Pair {
  audited: TestConduit;
  silent: TestConduit;
}

type StoreOf = () => Promise<Record<string, string>>;

async function startPair(storeOf: StoreOf): Promise<Pair> {
  const start = async (withoutAudit: boolean) =>
    startBenchConduit({}, { scripted: true, brokerEnv: await storeOf(), withoutAudit });
  const [audited, silent] = await Promise.all([start(false), start(true)]);
  return { audited, silent };
}

async function measure(rounds: number, storeOf: StoreOf): Promise<Measured> {
  const pairs: Pair[] = [];
  try {
    while (pairs.length < PAIRS) pairs.push(await startPair(storeOf));
    const rateOf = (which: keyof Pair, pair: Pair) => perSecond(queryTarget(pair[which], kilobyte));
    for (const pair of pairs.slice(1)) {
      await rateOf('silent', pair);
      await rateOf('audited', pair);
    }
    const inTurn = (which: keyof Pair) => {
      let at = 0;
      return () => rateOf(which, pairs[at++ % PAIRS] as Pair);
    };
    const rates = await interleave(rounds * PAIRS, inTurn('audited'), inTurn('silent'));
    return {
      figure: rates.product / rates.floor,
      unit: 'ratio',
      product: `${rates.product.toFixed(0)} queries/s`,
      floor: `${rates.floor.toFixed(0)} queries/s without audit`,
    };
  } finally {
    await Promise.all(pairs.flatMap(({ audited, silent }) => [audited.stop(), silent.stop()]));
  }
}

const common = { bar: '>= 0.90 of the rate without', holds: (figure: number) => figure >= 0.9 };

export const auditCost: Scenario[] = [
  {
    ...common,
    id: 'A2',
    title: 'P1 with the audit of both ends, embedded store',
    measure: (rounds) => measure(rounds, async () => ({})),
  },
  {
    ...common,
    id: 'A3',
    title: 'P1 with the audit of both ends, PostgreSQL server',
    async measure(rounds) {
      const servers: PostgresServer[] = [];
      const storeOf: StoreOf = async () => {
        const server = await startPostgres();
        if (!server) throw new Error('A3 needs a PostgreSQL server');
        servers.push(server);
        return { DATABASE_URL: server.url };
      };
      try {
        return await measure(rounds, storeOf);
      } finally {
        for (const server of servers) await server.stop();
      }
    },
  },
];
