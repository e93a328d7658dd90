/**
 * Which of a practice's sites an agent had when. Another agent answers for what ran there before and after. Pure,
 * but for reading who had them.
 */
import type { Kysely } from 'kysely';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { Database } from '#libs/db/schema.js';

/** Milliseconds since the epoch; without `toMs`. */
interface Held {
  fromMs: number;
  toMs: number;
  /** Somebody had it before. */
  isTakenOver: boolean;
}

interface Holder {
  agent_id: string | null;
  since: Date | null;
  now: string | null;
}

/** A query may wait, or stand, while its site goes to another agent. */
const orders: readonly string[] = ['query.submitted', 'registered.created'];

export class HeldSites {
  private constructor(
    private readonly held: ReadonlyMap<string, readonly Held[]>,
    /** Before it nobody knows who had the site. */
    private readonly knownFromMs: ReadonlyMap<string, number>,
  ) {}

  static async of(database: Kysely<Database>, agentId: string): Promise<HeldSites> {
    const rows = await database
      .selectFrom('sites')
      .leftJoin('site_holders as holder', 'holder.site_id', 'sites.site_id')
      .select(['sites.site_id', 'sites.agent_id as now', 'holder.agent_id', 'holder.since'])
      .where('practice_id', '=', (query) =>
        query.selectFrom('agents').select('practice_id').where('agents.agent_id', '=', agentId),
      )
      .orderBy('holder.since')
      .execute();
    const bySite = new Map<string, Holder[]>();
    for (const row of rows) bySite.set(row.site_id, [...(bySite.get(row.site_id) ?? []), row]);
    const sites = [...bySite];
    return new HeldSites(
      new Map(sites.map(([siteId, holders]) => [siteId, heldBy(agentId, holders)])),
      new Map(sites.map(([siteId, [first]]) => [siteId, first?.since?.getTime() ?? -Infinity])),
    );
  }

  /**
   * Whether it is this agent's to answer for.
   * @param handOverMs after a hand-over for so long it may still be the former agent's
   */
  answersFor({ type, ts, site = '' }: AuditRecord, handOverMs = 0): boolean {
    const atMs = Date.parse(ts);
    const isOrder = orders.includes(type);
    return (this.held.get(site) ?? []).some(
      ({ fromMs, toMs, isTakenOver }) =>
        atMs < toMs && (isOrder || atMs >= fromMs + (isTakenOver ? handOverMs : 0)),
    );
  }

  /** Whether it can be of a query that this agent ran. */
  mayBeOf(record: AuditRecord, slackMs: number): boolean {
    const { ts, site = '' } = record;
    const atMs = Date.parse(ts);
    if (this.answersFor(record) || atMs < (this.knownFromMs.get(site) ?? -Infinity)) return true;
    return (this.held.get(site) ?? []).some(
      ({ fromMs, toMs }) => atMs >= fromMs - slackMs && atMs < toMs + slackMs,
    );
  }
}

/** Of a site that nobody ever took: whoever has it. */
function heldBy(agentId: string, holders: readonly Holder[]): Held[] {
  const [first] = holders;
  if (!first?.since)
    return first?.now === agentId
      ? [{ fromMs: -Infinity, toMs: Infinity, isTakenOver: false }]
      : [];
  return holders.flatMap(({ agent_id, since }, at) =>
    agent_id === agentId && since
      ? [
          {
            fromMs: since.getTime(),
            toMs: holders[at + 1]?.since?.getTime() ?? Infinity,
            isTakenOver: at > 0,
          },
        ]
      : [],
  );
}
