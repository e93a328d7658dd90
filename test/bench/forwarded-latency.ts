/** F1: one query at a time to a node that sends it on to the agent's node, over asking that one. */
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { load, type Target } from '#test/bench/load.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';
import { BrokerNode } from '#test/support/broker-node.js';

const durationMs = 2_000;

async function p50(target: Target): Promise<number> {
  const result = await load(target, { concurrency: 1, durationMs });
  if (result.refused > 0) throw new Error('the bench was refused: its figures would mean nothing');
  return result.p50;
}

export const forwardedLatency: Scenario = {
  id: 'F1',
  title: 'immediate query sent on by another node, scripted, one at a time, p50',
  bar: '<= 2.0 of the same query at the node with the agent',
  holds: (figure) => figure <= 2,
  async measure(rounds) {
    const postgres = await startPostgres();
    if (!postgres) throw new Error('F1 needs a PostgreSQL');
    const env = {
      DATABASE_URL: postgres.url,
      CONDUIT_NODE_ADDRESS: '127.0.0.1',
      CONDUIT_NODE_PORT: '0',
    };
    const test = await startBenchConduit({}, { scripted: true, brokerEnv: env });
    const { options, redis } = test.conduit;
    const node = await BrokerNode.start(options.stateDirectory, 'asked', {
      ...env,
      REDIS_URL: redis?.url ?? '',
      CONDUIT_ROLES: 'api',
      CONDUIT_KEY_RATE_PER_SECOND: '1000000',
      CONDUIT_KEY_RATE_BURST: '1000000',
    });
    try {
      const direct = queryTarget(test, JSON.stringify({ command: { text: 'SELECT 1 AS n' } }));
      const forwarded = { ...direct, origin: `https://localhost:${node.ports.api}` };
      const measured = await interleave(
        rounds,
        () => p50(forwarded),
        () => p50(direct),
      );
      return {
        figure: measured.product / measured.floor,
        unit: 'ratio',
        product: `${measured.product.toFixed(2)} ms`,
        floor: `${measured.floor.toFixed(2)} ms`,
      };
    } finally {
      await node.stop();
      await test.stop();
      await postgres.stop();
    }
  },
};
