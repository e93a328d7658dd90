/** The conduit under measurement, with a grant that no limit of its own holds back. */
import { join } from 'node:path';
import { checkout } from '#deploy/dev/programs.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';
import type { Target } from '#test/bench/load.js';

const unlimited = {
  limits: { maxConcurrent: 64, maxConcurrentPerIntegrator: 64, maxRows: 1_000_000 },
};

/** Words of an approval that limits nothing. */
export const grantedFreely = [
  ...['--per-minute', '1000000', '--concurrency', '64', '--rows', '1000000'],
];

interface BenchWishes {
  /** The agent answers by script; no database is started. */
  scripted?: boolean;
  /** `own`: those that the product has where nobody sets any. */
  limits?: 'none' | 'own';
  brokerEnv?: Record<string, string>;
  /** Neither end records what was asked; everything else is as it is shipped. */
  withoutAudit?: boolean;
}

export function startBenchConduit(
  site: object = {},
  { scripted = false, limits = 'none', brokerEnv = {}, withoutAudit = false }: BenchWishes = {},
): Promise<TestConduit> {
  const free = {
    CONDUIT_KEY_RATE_PER_SECOND: '1000000',
    CONDUIT_KEY_RATE_BURST: '1000000',
  };
  return startConduit({
    scale: 5_000,
    site: limits === 'none' ? { ...unlimited, ...site } : site,
    brokerEnv: { ...(limits === 'none' && free), ...brokerEnv },
    ...(withoutAudit && {
      brokerProgram: join(checkout, 'dist/test/bench/silent-broker.js'),
      agentEnv: { BENCH_WITHOUT_JOURNAL: 'yes' },
    }),
    ceiling: { maxConcurrency: 64, maxPerMinute: 1_000_000 },
    approval: grantedFreely,
    ...(scripted && {
      pms: 'mssql://nobody:nothing@127.0.0.1:1/Patients',
      agentProgram: join(checkout, 'dist/test/bench/scripted-agent.js'),
    }),
  });
}

/** An immediate query as a load target. */
export function queryTarget(
  test: TestConduit,
  body: string,
  key = test.integrator.subscriptionKey,
): Target {
  return {
    origin: test.conduit.apiOrigin,
    caFile: test.conduit.caFile,
    path: `${test.queriesPath}/immediate`,
    headers: {
      'content-type': 'application/json',
      'ocp-apim-subscription-key': key,
    },
    body,
  };
}
