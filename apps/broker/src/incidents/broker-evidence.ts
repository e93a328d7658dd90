/**
 * The records of one agent's sites where they are: the broker's in the store, read as that practice, and the
 * agent's own over its link, if it has one here.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type RawBuilder } from 'kysely';
import { documentKey } from '#apps/broker/src/activity/name-activity.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { PracticeServers, unsureOf } from '#apps/broker/src/incidents/practice-servers.js';
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import { isUnreached } from '#apps/broker/src/reconciliation/reconcile-agent.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { readRecord, type LoggedRecord } from '#libs/audit/reconcile.js';
import type { RecordSpan } from '#libs/audit/reconcile-in-steps.js';
import type { PackCut } from '#libs/console-api/incidents.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import { RECORD_QUERY_ID } from '#libs/db/audit-receipts-migration.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import type {
  AgentAnswer,
  EvidenceAgent,
  EvidenceSource,
} from '#libs/incidents/gather-evidence.js';
import { Clock } from '#libs/kernel/clock.js';

const PAGE = 5_000;
/** Of one practice in one day; beyond, the pack says that it is cut. */
const MOST_RECORDS = 500_000;
/** What was done is stored within so long, or dispatch stops. */
const SETTLED_MS = 5_000;
/** Of one agent for one day. */
const MOST_STEPS = 50;

/** What comes with queries; everything else are other acts. */
export const queryTypes = [
  'query.executed',
  'query.failed',
  'query.refused',
  'query.cancelled',
  'query.expired',
  'query.submitted',
];

interface Row {
  recorded_at: Date;
  seq: string;
  record: string;
  leaf: string | null;
}

/** A source that notes what it could not read in full. */
export interface StoredEvidence extends EvidenceSource {
  cut: PackCut[];
  /** The one that was asked for, with when it had which site. */
  about: EvidenceAgent;
}

@Injectable()
export class BrokerEvidence {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: AttachedLinks,
    private readonly agentLog: ReadAgentLog,
    private readonly servers: PracticeServers,
    private readonly clock: Clock,
  ) {}

  /** @param asksAgent false: as if its link were down */
  async of(part: EvidenceAgent, asksAgent: boolean): Promise<StoredEvidence> {
    const { practiceId } = part;
    const purposes = await this.purposesAt(practiceId);
    const about = await this.servers.withTurns(part);
    const cut: PackCut[] = unsureOf(about);
    return {
      ...{ about, cut },
      broker: async (agent, fromMs, toMs) => {
        const found = await this.records(agent, fromMs, toMs);
        const day = new Date(fromMs).toISOString();
        if (found.isCut)
          cut.push({
            ...{ reason: 'too-many-records', practiceId },
            words: `Of practice ${practiceId} only the first ${MOST_RECORDS} records from ${day} on were counted.`,
          });
        return found.records;
      },
      brokerOf: (agent, queryIds) => this.recordsOf(agent, queryIds),
      agent: (agent, fromMs, toMs) =>
        asksAgent ? this.askAgent(agent, { fromMs, toMs }, cut) : Promise.resolve('away'),
      purposesOf: ({ grantId = '', grantSeq, site, integrator }) =>
        purposes.get(documentKey(grantId, grantSeq)) ??
        purposes.get(documentKey(grantId)) ??
        purposes.get(`${site} ${integrator}`) ??
        [],
      nowMs: () => this.clock.now() - SETTLED_MS,
    };
  }

  private async records(
    agent: EvidenceAgent,
    fromMs: number,
    toMs: number,
  ): Promise<{ records: LoggedRecord[]; isCut: boolean }> {
    const { practiceId } = agent;
    const found: LoggedRecord[] = [];
    let after: RawBuilder<unknown> = sql`true`;
    let read = 0;
    for (;;) {
      const { rows } = await readAudit(this.database, { kind: 'practice', practiceId }, (within) =>
        sql<Row>`
          select recorded_at, r.seq, record, ${sql.raw(LEAF_OF_RECORD)} as leaf
          from audit_records r left join audit_leaves l on l.seq = r.seq
          where practice_id = ${practiceId}
            and recorded_at >= ${new Date(fromMs)} and recorded_at < ${new Date(toMs)}
            and type = any(${queryTypes}) and ${after}
          order by recorded_at, r.seq limit ${PAGE}`.execute(within),
      );
      found.push(...loggedAt(agent, rows));
      read += rows.length;
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return { records: found, isCut: false };
      if (read >= MOST_RECORDS) return { records: found, isCut: true };
      after = sql`(recorded_at, r.seq) > (${last.recorded_at}, ${last.seq})`;
    }
  }

  /** By an index that row-level security would keep from being used; whose they are is asked for here. */
  private async recordsOf(
    agent: EvidenceAgent,
    queryIds: readonly string[],
  ): Promise<LoggedRecord[]> {
    const { rows } = await sql<Row>`
      select recorded_at, r.seq, record, ${sql.raw(LEAF_OF_RECORD)} as leaf
      from audit_records r left join audit_leaves l on l.seq = r.seq
      where (${sql.raw(RECORD_QUERY_ID)}) collate "C" = any(${[...queryIds]})
        and strpos(record, '"queryId":"') > 0 and practice_id = ${agent.practiceId}
      order by r.seq`.execute(this.database);
    return loggedAt(agent, rows);
  }

  /** It answers in steps where it has very many; what is behind the last one is said to be cut. */
  private async askAgent(
    { agentId = '', practiceId }: EvidenceAgent,
    { fromMs, toMs }: RecordSpan,
    cut: PackCut[],
  ): Promise<AgentAnswer | 'away' | 'unproven'> {
    const client = this.links.newest(agentId)?.client;
    if (!client) return 'away';
    try {
      const since = await this.setUpAt(agentId);
      const found = new Map<number, LoggedRecord>();
      for (let step = 1, askedMs = fromMs; ; step += 1) {
        const said = await this.agentLog.execute(agentId, client, { fromMs: askedMs, toMs });
        if (!said) return 'unproven';
        for (const record of said.records) found.set(record.index, record);
        const { isCut, knownToMs, size, root } = said;
        const isLast = !isCut || knownToMs <= askedMs || step === MOST_STEPS;
        askedMs = knownToMs;
        if (!isLast) continue;
        if (isCut) cut.push({ ...notRead(agentId, knownToMs), practiceId });
        const known = { knownFromMs: since, knownToMs };
        return { records: [...found.values()], ...known, size, root: root.toString('base64') };
      }
    } catch (error) {
      // It is there and shows no log: that is not to be away.
      return error instanceof ConduitError && !isUnreached(error) ? 'unproven' : 'away';
    }
  }

  private async setUpAt(agentId: string): Promise<number> {
    const { created_at: at } = await this.database
      .selectFrom('agents')
      .select('created_at')
      .where('agent_id', '=', agentId)
      .executeTakeFirstOrThrow();
    return at.getTime();
  }

  /** By a permission's document; by permission, and by site and software: what the newest document says. */
  private async purposesAt(practiceId: string): Promise<Map<string, string[]>> {
    const rows = await this.database
      .selectFrom('grants')
      .innerJoin('sites', 'sites.site_id', 'grants.site_id')
      .select(['grant_id', 'seq', 'grants.site_id', 'integrator_id', 'signed'])
      .where('practice_id', '=', practiceId)
      .orderBy('grant_id')
      .orderBy('grants.site_id')
      .orderBy('seq', 'desc')
      .execute();
    const found = new Map<string, string[]>();
    const newest = new Set<string>();
    for (const { grant_id: grantId, seq, site_id, integrator_id, signed } of rows) {
      const { purposes } = JSON.parse((signed as SignedGrant).document) as Grant;
      found.set(documentKey(grantId, Number(seq)), [...purposes].sort());
      if (newest.has(`${grantId} ${site_id}`)) continue;
      newest.add(`${grantId} ${site_id}`);
      for (const key of [documentKey(grantId), `${site_id} ${integrator_id}`])
        found.set(key, [...new Set([...(found.get(key) ?? []), ...purposes])].sort());
    }
    return found;
  }
}

const notRead = (agentId: string, toMs: number): PackCut => ({
  reason: 'not-read',
  words: `The log of agent ${agentId} was not read to the end of the day of ${new Date(toMs).toISOString()}: what is later that day is not compared.`,
});

function loggedAt(
  { siteIds, toldSiteIds = [] }: EvidenceAgent,
  rows: readonly Row[],
): LoggedRecord[] {
  const wanted = new Set([...siteIds, ...toldSiteIds]);
  return rows.flatMap(({ record: text, leaf }) => {
    const record: AuditRecord | undefined = readRecord(text);
    if (!record || !wanted.has(record.site ?? '')) return [];
    return [{ index: leaf === null ? -1 : Number(leaf), text, record }];
  });
}
