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
import type { AgentRecords, RecordSpan } from '#libs/audit/reconcile-in-steps.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** In one answer; a span that has more is told up to there. */
const MOST_RECORDS = 200_000;

@Injectable()
export class ReadOwnLog {
  constructor(
    private readonly config: AgentConfig,
    private readonly log: AgentLog,
    private readonly journal: FileJournal,
    private readonly crossing: CrossCheckpoints,
    private readonly clock: Clock,
  ) {}

  /** All that was noted until now is in it, up to `most` records. */
  async read({ fromMs, toMs }: RecordSpan, most = MOST_RECORDS): Promise<AgentRecords> {
    const nowMs = this.clock.now();
    await this.journal.flush();
    const folder = journalFolder(this.config.stateFolder);
    const mostKept = Math.min(most, MOST_RECORDS);
    const found: LoggedRecord[] = [];
    // From the first that is wanted to the last, with those between: a clock may have gone back.
    let wanted = 0;
    let knownToMs = nowMs;
    for await (const one of recordsSince(folder, fromMs)) {
      const atMs = Date.parse(one.record.ts);
      const isWanted = atMs >= fromMs && atMs < toMs;
      if (isWanted && found.length >= mostKept)
        return { records: found.slice(0, wanted), knownToMs, isCut: true };
      if (found.length < mostKept && (isWanted || found.length > 0)) found.push(one);
      if (!isWanted) continue;
      wanted = found.length;
      knownToMs = atMs;
    }
    return { records: found.slice(0, wanted), knownToMs: nowMs, isCut: false };
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

async function* recordsSince(folder: string, fromMs: number): AsyncGenerator<LoggedRecord> {
  for await (const lines of readNumbered(folder, fromMs)) {
    for (const { n: index, record: text } of lines) {
      const record = readRecord(text);
      if (record) yield { index, text, record };
    }
  }
}
