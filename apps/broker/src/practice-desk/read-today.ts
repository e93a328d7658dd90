/**
 * What each integrator did since midnight at the practice, out of the audit records: how often, how
 * it ended, in which class of duration and size. Nothing exact is recorded, so nothing exact is here.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import type { IntegratorToday } from '#libs/console-api/practice.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { startOfDayMs } from '#libs/kernel/local-day.js';

interface Row {
  integrator: string;
  type: string;
  lane: string | null;
  mode: string | null;
  duration: string | null;
  bytes: string | null;
  count: string;
  last: Date | string;
}

export type IntegratorSums = Omit<IntegratorToday, 'name' | 'purposes' | 'registered'>;

interface TodaySums {
  since: string;
  sums: ReadonlyMap<string, IntegratorSums>;
}

/**
 * A count serves whoever asks until twenty times as long has gone by as it took: pages that look every
 * few seconds cost a twentieth of the store's time at most, however much a practice does in a day.
 */
const REST = 20;
const MOST_COUNTED = 500;

@Injectable()
export class ReadToday {
  private readonly counted = new Map<string, { sums: Promise<TodaySums>; freshUntilMs: number }>();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** By integrator; those that did nothing are absent. */
  async execute(practiceId: string, timeZone: string): Promise<TodaySums> {
    const key = `${practiceId} ${timeZone}`;
    const nowMs = this.clock.now();
    const known = this.counted.get(key);
    if (known && nowMs < known.freshUntilMs) return known.sums;
    const sums = this.count(practiceId, timeZone);
    const counted = { sums, freshUntilMs: Infinity };
    this.counted.delete(key);
    this.counted.set(key, counted);
    try {
      return await sums;
    } catch (error) {
      this.counted.delete(key);
      throw error;
    } finally {
      const endMs = this.clock.now();
      counted.freshUntilMs = endMs + (endMs - nowMs) * REST;
      const [oldest] = this.counted.keys();
      if (this.counted.size > MOST_COUNTED && oldest !== undefined) this.counted.delete(oldest);
    }
  }

  private async count(practiceId: string, timeZone: string): Promise<TodaySums> {
    const since = new Date(startOfDayMs(this.clock.now(), timeZone));
    const query = sql<Row>`
      select r ->> 'integrator' as integrator, r ->> 'type' as type, r ->> 'lane' as lane,
        r ->> 'mode' as mode, r ->> 'durationBucket' as duration, r ->> 'bytesBucket' as bytes,
        sum(coalesce((r ->> 'count')::bigint, 1)) as count, max(recorded_at) as last
      from (
        select record::jsonb as r, recorded_at from audit_records
        where practice_id = ${practiceId} and recorded_at >= ${since}
          and record like '%"type":"query.%'
      ) as acts
      where r ->> 'type' in ('query.executed', 'query.failed', 'query.refused')
        and r ->> 'integrator' is not null
      group by 1, 2, 3, 4, 5, 6`;
    const { rows } = await readAudit(this.database, { kind: 'practice', practiceId }, (within) =>
      query.execute(within),
    );
    const sums = new Map<string, IntegratorSums>();
    for (const row of rows) add(sums, row);
    return { since: since.toISOString(), sums };
  }
}

export const noSums = (integratorId: string): IntegratorSums => ({
  integratorId,
  reads: 0,
  writes: 0,
  refused: 0,
  failed: 0,
  kinds: [],
  durations: [],
  sizes: [],
});

function add(sums: Map<string, IntegratorSums>, row: Row): void {
  const own = sums.get(row.integrator) ?? noSums(row.integrator);
  sums.set(row.integrator, own);
  const count = Number(row.count);
  if (row.type === 'query.refused') own.refused += count;
  else if (row.type === 'query.failed') own.failed += count;
  else if (row.mode === 'nonQuery') own.writes += count;
  else own.reads += count;
  const last = new Date(row.last).toISOString();
  if (own.lastAt === undefined || last > own.lastAt) own.lastAt = last;
  if (row.type !== 'query.executed') return;
  if (row.lane !== null) bump(own.kinds, 'kind', row.lane, count);
  if (row.duration !== null) bump(own.durations, 'bucket', row.duration, count);
  if (row.bytes !== null) bump(own.sizes, 'bucket', row.bytes, count);
}

function bump<Key extends string>(
  list: ({ [K in Key]: string } & { count: number })[],
  key: Key,
  word: string,
  count: number,
): void {
  const known = list.find((one) => one[key] === word);
  if (known) known.count += count;
  else list.push({ [key]: word, count } as (typeof list)[number]);
}
