/**
 * The broker process: settings from the environment, JSON events on standard output, nothing else.
 * `broker residency` says instead which hosts it may contact, and ends.
 */
import { systemFaultOf, traceOf } from '#apps/broker/src/edge/known-failure.js';
import { ConfigProblems, readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { describeResidency } from '#apps/broker/src/residency/describe-residency.js';
import { JsonEventLog } from '#apps/broker/src/logging/event-log.js';
import { startBroker } from '#apps/broker/src/start-broker.js';
import { toConduitError } from '#libs/errors/conduit-error.js';

const VERSION = '0.1.0';

// Node cuts small buffers from shared blocks, and a block lives as long as any piece of it: a key that is
// kept would keep a patient's row beside it. Here each has memory of its own, given back with it.
Buffer.poolSize = 0;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const config = readBrokerConfig(process.env, words);
  if (words[0] === 'residency') {
    process.stdout.write(`${describeResidency(config).join('\n')}\n`);
    return;
  }
  const log = new JsonEventLog(config.logLevel);
  log.write('broker.starting', {
    version: VERSION,
    roles: config.roles.join(','),
    embeddedDatabase: config.databaseUrl === undefined,
  });
  try {
    const broker = await startBroker(config, log);
    const stop = (signal: string) => {
      log.write('broker.stopping', { signal });
      broker.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  } catch (error) {
    const { code } = toConduitError(error);
    log.write('broker.failed', { code, ...traceOf(error), ...systemFaultOf(error) });
    log.flush();
    process.exitCode = 1;
    setImmediate(() => process.exit(1));
  }
}

main().catch((error: unknown) => {
  // Settings: names of variables and our own words. Anything else says nothing.
  const problems = error instanceof ConfigProblems ? error.message : 'The broker cannot start.';
  process.stderr.write(`${problems}\n`);
  process.exit(1);
});
