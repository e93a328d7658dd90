/**
 * Sums in memory for a few seconds, then adds them to the store's. A batch carries an id that is
 * stored with it: one whose answer was lost is sent again and counted once. Killed in between, a
 * node loses what it has not written yet, at most two seconds of counts.
 */
import { randomUUID } from 'node:crypto';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Kysely, sql, type Insertable, type Transaction } from 'kysely';
import { UsageBook, type Use } from '#apps/broker/src/usage/usage-book.port.js';
import type { Database, UsageCountsTable } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export const usageLimits = {
  waitMs: 2_000,
  /** Rows in one batch; what is beyond waits for the next. */
  batchRows: 500,
  /** A batch is tried again for much less. */
  batchKeptMs: 86_400_000,
};

/** Of one query a size is told to the kilobyte only. */
const GRAIN_BYTES = 1_024;

type Row = Insertable<UsageCountsTable>;

interface Batch {
  id: string;
  rows: Row[];
}

@Injectable()
export class StoredUsageBook extends UsageBook implements BeforeApplicationShutdown {
  private sums = new Map<string, Row>();
  /** On its way to the store; kept as it is until the store has it. */
  private sending: Batch | undefined;
  private writing: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
  ) {
    super();
  }

  override note(use: Use): void {
    const row = rowOf(use, new Date(this.clock.now()).toISOString().slice(0, 10));
    const key = keyOf(row);
    const sum = this.sums.get(key);
    if (sum) add(sum, row);
    else this.sums.set(key, row);
    this.timer ??= this.startAfter();
  }

  /** Writes what waits. @throws the store's error; nothing is lost by it */
  async flush(): Promise<void> {
    await this.writing?.catch(() => undefined);
    while (this.sending || this.sums.size > 0) await (this.writing = this.write());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
    clearTimeout(this.timer);
  }

  private startAfter(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.flush()
        .catch(() => undefined)
        .finally(() => {
          this.timer = this.sending || this.sums.size > 0 ? this.startAfter() : undefined;
        });
    }, usageLimits.waitMs);
    return timer.unref();
  }

  private async write(): Promise<void> {
    this.sending ??= this.nextBatch();
    const batch = this.sending;
    await this.kysely.transaction().execute((within) => this.store(batch, within));
    this.sending = undefined;
  }

  private nextBatch(): Batch {
    // In one order on every node, so that no two wait for each other's rows.
    const keys = [...this.sums.keys()].sort().slice(0, usageLimits.batchRows);
    const rows = keys.map((key) => this.sums.get(key) as Row);
    for (const key of keys) this.sums.delete(key);
    return { id: randomUUID(), rows };
  }

  private async store({ id, rows }: Batch, within: Transaction<Database>): Promise<void> {
    const written = new Date(this.clock.now());
    const stored = await within
      .insertInto('usage_batches')
      .values({ batch_id: id, written_at: written })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (stored.numInsertedOrUpdatedRows === 0n) return;
    await within
      .insertInto('usage_counts')
      .values(rows)
      .onConflict((conflict) => conflict.columns([...keyColumns]).doUpdateSet(sums))
      .execute();
    await within
      .deleteFrom('usage_batches')
      .where('written_at', '<', new Date(written.getTime() - usageLimits.batchKeptMs))
      .execute();
  }
}

const keyColumns = ['integrator_id', 'site_id', 'day', 'kind', 'access', 'outcome'] as const;
const sumColumns = ['queries', 'request_bytes', 'result_bytes', 'duration_ms', 'sql_ms'] as const;

const plus = (column: string) =>
  sql<string>`${sql.ref(`usage_counts.${column}`)} + ${sql.ref(`excluded.${column}`)}`;
const sums = Object.fromEntries(sumColumns.map((column) => [column, plus(column)]));

const keyOf = (row: Row): string => keyColumns.map((column) => row[column]).join(' ');

function add(sum: Row, row: Row): void {
  for (const column of sumColumns) sum[column] = Number(sum[column]) + Number(row[column]);
}

function rowOf(use: Use, day: string): Row {
  return {
    integrator_id: use.integratorId,
    site_id: use.siteId,
    day,
    kind: use.kind,
    access: use.access,
    outcome: use.outcome,
    queries: 1,
    request_bytes: kilobytes(use.requestBytes),
    result_bytes: kilobytes(use.resultBytes),
    duration_ms: whole(use.durationMs),
    sql_ms: whole(use.sqlMs),
  };
}

const kilobytes = (bytes: number): number => Math.ceil(whole(bytes) / GRAIN_BYTES) * GRAIN_BYTES;

/** Some of it is the agent's word: nothing but a whole number gets into a sum. */
function whole(value: number): number {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && rounded > 0 ? rounded : 0;
}
