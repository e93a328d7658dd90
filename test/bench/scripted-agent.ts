/**
 * The agent as it is shipped, with a scripted database: what it answers costs nothing, so that a
 * bench sees the conduit and not a database. Run as `node scripted-agent.js run --state DIR`.
 */
import 'reflect-metadata';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { readAgentConfig } from '#apps/agent/src/read-agent-config.js';
import { runAgent } from '#apps/agent/src/run-agent.js';
import type { PmsCommand } from '#apps/agent/src/pms/pms-driver.port.js';
import { ScriptedPmsDriver, type ScriptedAnswer } from '#apps/agent/src/pms/pms-driver.scripted.js';

const stateFolder = process.argv[process.argv.indexOf('--state') + 1] ?? '';
const row = ['x'.repeat(1_000)];
const columns = [{ name: 'filler', type: 'varchar', length: 1_000, nullable: false }];

/** A statement may say how long it takes: `takes 10 ms`. */
function script({ text }: PmsCommand): ScriptedAnswer {
  const sets = [{ columns, rows: [row] }];
  const waitMs = Number(/takes (\d+) ms/.exec(text)?.[1] ?? 0);
  if (waitMs === 0) return { sets };
  return { sets, after: () => new Promise((resolve) => setTimeout(resolve, waitMs)) };
}

if (process.env['BENCH_WITHOUT_JOURNAL']) FileJournal.prototype.note = () => undefined;

const agent = await runAgent(readAgentConfig(stateFolder), {
  openDriver: () => new ScriptedPmsDriver(script),
});
process.once('SIGTERM', () => void agent.stop().then(() => process.exit(0)));
