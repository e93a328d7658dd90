/**
 * The agent as it is shipped, with a scripted database: what it answers costs nothing, so that a
 * bench sees the conduit and not a database. Run as `node scripted-agent.js run --state DIR`.
 */
import 'reflect-metadata';
import { readAgentConfig } from '#apps/agent/src/read-agent-config.js';
import { runAgent } from '#apps/agent/src/run-agent.js';
import { ScriptedPmsDriver } from '#apps/agent/src/pms/pms-driver.scripted.js';

const stateFolder = process.argv[process.argv.indexOf('--state') + 1] ?? '';
const row = ['x'.repeat(1_000)];
const columns = [{ name: 'filler', type: 'varchar', length: 1_000, nullable: false }];

const agent = await runAgent(readAgentConfig(stateFolder), {
  openDriver: () => new ScriptedPmsDriver(() => ({ sets: [{ columns, rows: [row] }] })),
});
process.once('SIGTERM', () => void agent.stop().then(() => process.exit(0)));
