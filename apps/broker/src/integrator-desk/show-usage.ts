import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type {
  UsageDay,
  UsageOfSite,
  UsageOutcomes,
  UsageReport,
} from '#libs/console-api/integrator.js';
import type { Database, UsageOutcome } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const DAY_MS = 86_400_000;

interface SumRow {
  day: string;
  site_id: string;
  kind: 'immediate' | 'async' | 'registered';
  access: 'read' | 'write';
  outcome: UsageOutcome;
  queries: string;
  result_bytes: string;
  duration_ms: string;
  sql_ms: string;
}

/** An integrator's use in sums: what a chart shows by day, and what each site had of it. */
@Injectable()
export class ShowUsage {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @param days that many, today among them */
  async execute(integratorId: string, days: number): Promise<UsageReport> {
    const nowMs = this.clock.now();
    const dayList = Array.from({ length: days }, (_, n) => dayOf(nowMs - (days - 1 - n) * DAY_MS));
    const [from = '', to = ''] = [dayList[0], dayList.at(-1)];
    const rows: SumRow[] = await this.database
      .selectFrom('usage_counts')
      .selectAll()
      .where('integrator_id', '=', integratorId)
      .where('day', '>=', from)
      .where('day', '<=', to)
      .execute();
    const names = await this.siteNames([...new Set(rows.map((row) => row.site_id))]);
    return {
      from,
      to,
      days: dayList.map((day) =>
        dayView(
          day,
          rows.filter((row) => row.day === day),
        ),
      ),
      sites: siteViews(rows, names),
    };
  }

  private async siteNames(siteIds: string[]): Promise<Map<string, string>> {
    if (siteIds.length === 0) return new Map();
    const rows = await this.database
      .selectFrom('sites')
      .select(['site_id', 'name'])
      .where('site_id', 'in', siteIds)
      .execute();
    return new Map(rows.map((row) => [row.site_id, row.name]));
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

type Column = 'queries' | 'result_bytes' | 'duration_ms' | 'sql_ms';
const sum = (rows: readonly SumRow[], column: Column = 'queries'): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

function outcomesOf(rows: readonly SumRow[]): UsageOutcomes {
  const of = (outcome: UsageOutcome) => sum(rows.filter((row) => row.outcome === outcome));
  return {
    queries: sum(rows),
    successful: of('successful'),
    refused: of('refused'),
    failed: of('failed'),
    cancelled: of('cancelled'),
    lost: of('lost'),
    expired: of('expired'),
  };
}

const dayView = (day: string, rows: readonly SumRow[]): UsageDay => ({
  day,
  ...outcomesOf(rows),
  immediate: sum(rows.filter((row) => row.kind === 'immediate')),
  async: sum(rows.filter((row) => row.kind === 'async')),
  registered: sum(rows.filter((row) => row.kind === 'registered')),
  writes: sum(rows.filter((row) => row.access === 'write')),
});

/** The busiest first. */
function siteViews(rows: readonly SumRow[], names: ReadonlyMap<string, string>): UsageOfSite[] {
  const siteIds = [...new Set(rows.map((row) => row.site_id))];
  return siteIds
    .map((siteId) => {
      const own = rows.filter((row) => row.site_id === siteId);
      const name = names.get(siteId);
      const queries = Math.max(1, sum(own));
      return {
        siteId,
        ...(name !== undefined && { name }),
        ...outcomesOf(own),
        resultBytes: sum(own, 'result_bytes'),
        meanMs: Math.round(sum(own, 'duration_ms') / queries),
        meanSqlMs: Math.round(sum(own, 'sql_ms') / queries),
      };
    })
    .sort((one, other) => other.queries - one.queries);
}
