import { Injectable } from '@nestjs/common';
import { Kysely, sql, type SelectQueryBuilder } from 'kysely';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { ReadUsageDto } from '#libs/contracts/usage.js';
import type { Database, UsageCountsTable } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;
const DEFAULT_ROWS = 1_000;

/** What a page ends with, and the next one starts after. */
const order = ['day', 'site_id', 'kind', 'access', 'outcome'] as const;
type Place = Record<(typeof order)[number], string>;

export interface UsagePage {
  from: string;
  to: string;
  usage: Record<string, unknown>[];
  /** Absent on the last page. */
  nextCursor?: string;
}

/** An integrator's own sums, oldest day first. What other nodes counted in the last seconds is missing. */
@Injectable()
export class ReadUsage {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @throws InvalidFields; ConduitError KEY_SITE_FORBIDDEN for a site that the key may not use */
  async execute(caller: CallerIdentity, asked: ReadUsageDto): Promise<UsagePage> {
    const { from, to } = this.daysOf(asked);
    const limit = Number(asked.limit ?? DEFAULT_ROWS);
    const ordered = order.reduce(
      (query, column) => query.orderBy(column),
      this.select(caller, asked, from, to),
    );
    const rows = await ordered.limit(limit + 1).execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const more = rows.length > limit && last ? { nextCursor: cursorOf(last) } : {};
    return { from, to, usage: page.map(viewOf), ...more };
  }

  private select(
    { integratorId, key }: CallerIdentity,
    { siteId, cursor }: ReadUsageDto,
    from: string,
    to: string,
  ): SelectQueryBuilder<Database, 'usage_counts', UsageRow> {
    let query = this.kysely
      .selectFrom('usage_counts')
      .selectAll()
      .where('integrator_id', '=', integratorId)
      .where('day', '>=', from)
      .where('day', '<=', to);
    if (siteId !== undefined) {
      if (key.siteIds && !key.siteIds.has(siteId)) throw new ConduitError('KEY_SITE_FORBIDDEN');
      query = query.where('site_id', '=', siteId);
    } else if (key.siteIds) query = query.where('site_id', 'in', [...key.siteIds]);
    if (cursor === undefined) return query as Selected;
    const place = placeOf(cursor);
    const here = sql.join(order.map((column) => sql.ref(column)));
    const there = sql.join(order.map((column) => place[column]));
    return query.where(sql<boolean>`(${here}) > (${there})`) as Selected;
  }

  /** Both days count, and both may be left out. */
  private daysOf({ from, to }: ReadUsageDto): { from: string; to: string } {
    const today = new Date(this.clock.now()).toISOString().slice(0, 10);
    const last = to ?? today;
    const first = from ?? dayOf(Date.parse(last) - (DEFAULT_DAYS - 1) * DAY_MS);
    if (first > last) throw invalid('from', 'must not be after to');
    if (Date.parse(last) - Date.parse(first) >= MAX_DAYS * DAY_MS) {
      throw invalid('from', 'must be less than 400 days before to');
    }
    return { from: first, to: last };
  }
}

type UsageRow = { [Column in keyof UsageCountsTable]: string };
type Selected = SelectQueryBuilder<Database, 'usage_counts', UsageRow>;

const invalid = (field: string, problem: string) => new InvalidFields([{ field, problem }]);
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function viewOf(row: UsageRow): Record<string, unknown> {
  return {
    date: row.day,
    siteId: row.site_id,
    kind: row.kind,
    access: row.access,
    outcome: row.outcome,
    queries: Number(row.queries),
    requestBytes: Number(row.request_bytes),
    resultBytes: Number(row.result_bytes),
    durationMs: Number(row.duration_ms),
    sqlDurationMs: Number(row.sql_ms),
  };
}

const cursorOf = (row: Place): string =>
  Buffer.from(order.map((column) => row[column]).join(' ')).toString('base64url');

/** It holds nothing but words that are compared: a made-up one only starts the page elsewhere. */
function placeOf(cursor: string): Place {
  const words = Buffer.from(cursor, 'base64url').toString('latin1').split(' ');
  if (words.length !== order.length || words.some((word) => !/^[\w-]+$/.test(word))) {
    throw invalid('cursor', 'must be the nextCursor of a page');
  }
  return Object.fromEntries(order.map((column, n) => [column, words[n]])) as Place;
}
