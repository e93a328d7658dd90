/**
 * The agent's own records of a time, for whoever may hold them against others: as they stand in the log,
 * without a gap, under a head that the broker has been told of. Exact counts are no part of a record.
 */
import { Injectable } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentLog, journalFolder, type SignedTree } from '#apps/agent/src/journal/agent-log.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { readNumbered } from '#apps/agent/src/journal/numbered-lines.js';
import { CrossCheckpoints } from '#apps/agent/src/witness/cross-checkpoints.js';
import { proveRange, type RangeProof } from '#libs/audit/range-proof.js';
import { readRecord, type LoggedRecord } from '#libs/audit/reconcile.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** In one answer; a span that has more is told up to there. */
const MOST_RECORDS = 200_000;

export interface OwnRecords {
  records: LoggedRecord[];
  /** All records up to this time are in the answer; milliseconds since the epoch. */
  knownToMs: number;
}

@Injectable()
export class ReadOwnLog {
  constructor(
    private readonly config: AgentConfig,
    private readonly log: AgentLog,
    private readonly journal: FileJournal,
    private readonly crossing: CrossCheckpoints,
    private readonly clock: Clock,
  ) {}

  /** All that was noted until now is in it. */
  async read(fromMs: number, toMs: number): Promise<OwnRecords> {
    const knownToMs = this.clock.now();
    await this.journal.flush();
    const found: (LoggedRecord & { isWanted: boolean })[] = [];
    const folder = journalFolder(this.config.stateFolder);
    for await (const lines of readNumbered(folder, fromMs)) {
      for (const { n: index, record: text } of lines) {
        const record = readRecord(text);
        if (!record) continue;
        const atMs = Date.parse(record.ts);
        const isWanted = atMs >= fromMs && atMs < toMs;
        // From the first that is wanted to the last, with those between: a clock may have gone back.
        if (isWanted || found.length > 0) found.push({ index, text, record, isWanted });
      }
    }
    const records = found.slice(0, found.findLastIndex(({ isWanted }) => isWanted) + 1);
    if (records.length <= MOST_RECORDS) return { records, knownToMs };
    const kept = records.slice(0, MOST_RECORDS);
    return { records: kept, knownToMs: Date.parse(kept.at(-1)?.record.ts ?? '') };
  }

  /**
   * @returns the proof under the head that it is of
   * @throws ConduitError JOURNAL_UNAVAILABLE when the log can't be continued, or the broker refuses its head
   */
  async prove(records: readonly LoggedRecord[]): Promise<{ head: SignedTree; proof: RangeProof }> {
    const head = await this.crossing.bring();
    if (!head) throw new ConduitError('JOURNAL_UNAVAILABLE', { facts: { reason: 'checkpoint' } });
    const from = records[0]?.index ?? head.size;
    const row = { from, to: from + records.length };
    const proof = await proveRange(row, head.size, this.log.nodesOf(head.size));
    return { head, proof };
  }
}
