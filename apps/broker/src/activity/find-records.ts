/**
 * Records of one reader, newest first, a page at a time. Each search goes along an index that holds
 * what the filter asks for before all else, in the order of time, and looks at so many records and no
 * more: a filter that fits nothing among ten million costs what one costs that fits at once. What was
 * not found by then is for the next page, which goes on where this one stopped looking.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder, type Transaction } from 'kysely';
import { alongIndex, fits, type SoughtRecords } from '#apps/broker/src/activity/sought-records.js';
import type { DestroyedActs } from '#libs/console-api/activity.js';
import { readAudit, type AuditScope } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';

interface SearchLimits {
  /** Records that each search of a page looks at, one after the other, until the page is full. */
  widths: readonly number[];
  /** What follows: as many as the time is likely to be enough for. */
  more?: { records: number; ms: number };
}

/**
 * The first width is that of a page of which nearly everything fits: each record costs a look into its own corner
 * of the table. Whoever waits longer than the time would rather be told how far it came.
 */
const searchLimits: SearchLimits = {
  widths: [64, 250, 2_500],
  more: { records: 75_000, ms: 400 },
};
const LEAST_WIDTH = 500;
const MOST_WIDTH = 5_000;

/** Milliseconds and number of a record: where the next page begins. */
export const CURSOR_FORM = /^\d{1,14}\.\d{1,18}$/;

export interface FoundRecord {
  seq: string;
  recordedAt: Date;
  /** Canonical JSON. */
  record: string;
  leafHash: Buffer;
}

export interface FoundPage {
  found: FoundRecord[];
  /** The next page's `before`; absent: there is nothing older. */
  next?: string;
  /** The page is not full, because enough was looked at: back to this moment. */
  searchedTo?: Date;
}

interface Place {
  seq: string;
  recorded_at: Date;
}
/** Something that fits; or, with how many were looked at, the last of them. */
type Looked = Place & { looked: string | null };

@Injectable()
export class FindRecords {
  constructor(private readonly database: Kysely<Database>) {}

  /** Of these times, what the retention schedule destroyed; absent: nothing. */
  async destroyed(scope: AuditScope, from?: Date, to?: Date): Promise<DestroyedActs | undefined> {
    if (scope.kind === 'operator') return undefined;
    const gone = await readAudit(this.database, scope, (within) => {
      let acts = within
        .selectFrom('retention_register')
        .select(({ fn }) => [fn.sum<string>('records').as('records'), fn.max('newest').as('to')])
        .where('kind', '=', 'audit-record');
      if (from !== undefined) acts = acts.where('newest', '>=', from);
      if (to !== undefined) acts = acts.where('oldest', '<', to);
      return acts.executeTakeFirst();
    });
    return gone?.to ? { records: Number(gone.records), to: gone.to.toISOString() } : undefined;
  }

  async page(
    scope: AuditScope,
    sought: SoughtRecords,
    before: string | undefined,
    limit: number,
    limits: SearchLimits = searchLimits,
  ): Promise<FoundPage> {
    if (sought.types.length === 0 || sought.documents?.length === 0) return { found: [] };
    return readAudit(this.database, scope, async (within) => {
      // One more than is shown: whether there is a next page.
      const asked = { scope, sought, limit: limit + 1 };
      const { places, end } = await search(within, asked, before, limits);
      const found = await fetchRecords(within, places.slice(0, limit));
      const last = places[limit - 1];
      if (places.length > limit && last) return { found, next: cursorOf(last) };
      return { found, ...(end && { next: cursorOf(end), searchedTo: end.recorded_at }) };
    });
  }
}

const cursorOf = (place: Place): string => `${place.recorded_at.getTime()}.${place.seq}`;

interface Search {
  scope: AuditScope;
  sought: SoughtRecords;
  limit: number;
}

/** @returns what fits, and the last that was looked at where older ones were not */
async function search(
  within: Transaction<Database>,
  asked: Search,
  before: string | undefined,
  limits: SearchLimits,
): Promise<{ places: Place[]; end?: Place }> {
  const places: Place[] = [];
  let end: Looked | undefined;
  const pace = paceOf(limits, asked.limit);
  for (let width = pace(); width !== undefined; width = pace()) {
    const cursor = end ? cursorOf(end) : before;
    const wanted = asked.limit - places.length;
    const { rows } = await searchQuery(asked, cursor, width, wanted).execute(within);
    places.push(...rows.filter(({ looked }) => looked === null));
    end = rows.find(({ looked }) => looked !== null);
    const isAll = !end || Number(end.looked) < width;
    if (isAll || places.length === asked.limit) return { places };
  }
  return { places, ...(end && { end }) };
}

/** How wide the next search may be; undefined: no more of them. Asked again when the last one has ended. */
function paceOf({ widths, more }: SearchLimits, limit: number): () => number | undefined {
  const first = widths.filter((one) => one >= limit);
  const beganMs = performance.now();
  let lastMs = beganMs;
  let last = 0;
  let looked = 0;
  return () => {
    const nowMs = performance.now();
    const perMs = last / Math.max(nowMs - lastMs, 1);
    const leftMs = (more?.ms ?? 0) - (nowMs - beganMs);
    lastMs = nowMs;
    looked += last;
    const leftRecords = (more?.records ?? 0) - looked;
    const isOver = leftMs <= 0 || leftRecords <= 0;
    const most = Math.min(MOST_WIDTH, leftRecords, Math.floor(perMs * leftMs));
    const likely = Math.max(LEAST_WIDTH, limit, most);
    const width = first.shift() ?? (isOver ? undefined : likely);
    last = width ?? 0;
    return width;
  };
}

/** Whether something fits is told of each record and asked of none, so that the bound is on all. */
export function searchQuery(
  { scope, sought }: Search,
  cursor: string | undefined,
  width: number,
  wanted: number,
): RawBuilder<Looked> {
  return sql<Looked>`
    with looked as materialized (
      select seq, recorded_at, coalesce(${fits(sought)}, false) as fits from audit_records
      where ${alongIndex(scope, sought)} and ${inTime(sought, cursor)}
      order by recorded_at desc, seq desc limit ${width}
    )
    (select seq, recorded_at, null::bigint as looked from looked where fits
      order by recorded_at desc, seq desc limit ${wanted})
    union all
    (select seq, recorded_at, (select count(*) from looked) from looked
      order by recorded_at, seq limit 1)`;
}

function inTime({ from, to }: SoughtRecords, cursor: string | undefined): RawBuilder<unknown> {
  const [ms, seq] = (cursor ?? '').split('.');
  const bounds = [sql`true`];
  if (from !== undefined) bounds.push(sql`recorded_at >= ${from}`);
  if (to !== undefined) bounds.push(sql`recorded_at < ${to}`);
  // Stored to the microsecond at most; written to the millisecond always.
  if (ms && seq) {
    bounds.push(sql`(recorded_at, seq) < (${new Date(Number(ms))}::timestamptz, ${seq}::bigint)`);
  }
  return sql.join(bounds, sql` and `);
}

async function fetchRecords(
  within: Transaction<Database>,
  places: readonly Place[],
): Promise<FoundRecord[]> {
  if (places.length === 0) return [];
  const rows = await within
    .selectFrom('audit_records')
    .select(['seq', 'recorded_at', 'record', 'leaf_hash'])
    .where('seq', '=', sql<string>`any(${places.map(({ seq }) => seq)}::bigint[])`)
    .orderBy('recorded_at', 'desc')
    .orderBy('seq', 'desc')
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    recordedAt: row.recorded_at,
    record: row.record,
    leafHash: row.leaf_hash,
  }));
}
