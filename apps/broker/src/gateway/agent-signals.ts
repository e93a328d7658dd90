/**
 * What is known of each agent from its link and its reports, kept where every node and the console
 * can read it. Written in bulk: a report costs no statement of its own, so thousands of agents cost
 * one every two seconds. Losing the store loses two seconds of it and disturbs no link.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { signalsRow, type SignalsRow } from '#apps/broker/src/gateway/signals-row.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { AgentReport } from '#libs/contracts/link-messages.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const FLUSH_MS = 2_000;
/** Who reports needs no other sign of life; this is for those that do not. */
const HEARTBEAT_MS = 30_000;
const DAY_MS = 86_400_000;

@Injectable()
export class AgentSignals implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private reported = new Map<string, SignalsRow>();
  /** What each agent of this node said last, as far as a person should hear of it at once. */
  private readonly told = new Map<string, string>();
  private readonly reportedAtMs = new Map<string, number>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.timers = [
      setInterval(() => void this.flush(), FLUSH_MS).unref(),
      setInterval(() => void this.beat(), HEARTBEAT_MS).unref(),
    ];
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.flush();
  }

  async joined({ agentId, certificateEndsMs }: AgentPeer): Promise<void> {
    const now = new Date(this.clock.now());
    const dayAgo = new Date(now.getTime() - DAY_MS);
    await this.guarded(async () => {
      await this.database
        .updateTable('agent_health')
        .set({
          heard_at: now,
          left_at: null,
          certificate_ends_at: new Date(certificateEndsMs),
          // The first join of all is none again.
          reconnects: sql`case when joined_at is null then 0
            when reconnects_since > ${dayAgo} then reconnects + 1 else 1 end`,
          reconnects_since: sql`case when joined_at is not null and reconnects_since > ${dayAgo}
            then reconnects_since else ${now} end`,
          joined_at: now,
        })
        .where('agent_id', '=', agentId)
        .execute();
      await this.noteEvent(agentId, 'joined', null);
    });
    await this.broadcast.publish('agent.signalled', agentId);
  }

  /** Changes nothing where the agent has joined again since, at whatever node. */
  async left({ agentId }: AgentPeer, sequence: number, saidGoodbye: boolean): Promise<void> {
    this.forget(agentId);
    const now = new Date(this.clock.now());
    await this.guarded(async () => {
      const gone = await this.database
        .updateTable('agent_health')
        .set(saidGoodbye ? { heard_at: now, left_at: now } : { heard_at: now })
        .where('agent_id', 'in', (select) =>
          select
            .selectFrom('agents')
            .select('agent_id')
            .where('agent_id', '=', agentId)
            .where('join_sequence', '<=', sequence),
        )
        .returning('agent_id')
        .executeTakeFirst();
      if (gone) await this.noteEvent(agentId, 'left', saidGoodbye ? 'said-goodbye' : 'silent');
    });
    await this.broadcast.publish('agent.signalled', agentId);
  }

  /** @returns when it is noted; it is stored within two seconds, at once when something changed */
  async reportedBy(peer: AgentPeer, report: AgentReport): Promise<void> {
    const nowMs = this.clock.now();
    const row = signalsRow(peer, report, nowMs);
    this.reported.set(peer.agentId, row);
    this.reportedAtMs.set(peer.agentId, nowMs);
    const word = [row.version, row.database, row.load, row.paused].join(' ');
    if (this.told.get(peer.agentId) === word) return;
    this.told.set(peer.agentId, word);
    await this.flush();
    await this.broadcast.publish('agent.signalled', peer.agentId);
  }

  private readonly flush = coalesce(async () => {
    const rows = [...this.reported.values()];
    if (rows.length === 0) return;
    this.reported = new Map();
    await this.guarded(() => this.store(rows));
  });

  private async store(rows: SignalsRow[]): Promise<void> {
    const now = new Date(this.clock.now());
    await sql`
      with said as (
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as said(
          agent_id text, link_ms integer, clock_offset_ms bigint, version text,
          certificate_ends_at timestamptz, paused boolean, database text, database_ms integer,
          probed_at timestamptz, load text, waiting integer, last_error text,
          last_error_at timestamptz, sites jsonb)
      ), versions as (
        insert into agent_events (agent_id, at, kind, cause)
        select said.agent_id, ${now}, 'version', said.version
        from said join agent_health as health using (agent_id)
        where health.version is not null and health.version <> said.version
      )
      update agent_health as health set
        heard_at = ${now},
        reported_at = ${now},
        link_ms = coalesce(said.link_ms, health.link_ms),
        clock_offset_ms = said.clock_offset_ms,
        version = said.version,
        certificate_ends_at = said.certificate_ends_at,
        paused = said.paused,
        database = said.database,
        database_since = case when health.database is distinct from said.database
          then ${now} else health.database_since end,
        database_ms = said.database_ms,
        probed_at = said.probed_at,
        load = said.load,
        waiting = said.waiting,
        waiting_since = case when said.waiting = 0 then null
          else coalesce(health.waiting_since, ${now}) end,
        last_error = coalesce(said.last_error, health.last_error),
        last_error_at = coalesce(said.last_error_at, health.last_error_at),
        sites = said.sites
      from said where health.agent_id = said.agent_id`.execute(this.database);
  }

  /** Their links live, though they have not reported: only the control signal is noted. */
  private async beat(): Promise<void> {
    const nowMs = this.clock.now();
    const silent = this.attached
      .agentIds()
      .filter((agentId) => nowMs - (this.reportedAtMs.get(agentId) ?? 0) >= HEARTBEAT_MS);
    if (silent.length === 0) return;
    await this.guarded(() =>
      this.database
        .updateTable('agent_health')
        .set({ heard_at: new Date(nowMs), left_at: null })
        .where('agent_id', 'in', silent)
        .execute(),
    );
  }

  private forget(agentId: string): void {
    this.told.delete(agentId);
    this.reportedAtMs.delete(agentId);
  }

  private async noteEvent(agentId: string, kind: 'joined' | 'left', cause: string | null) {
    const at = new Date(this.clock.now());
    const event = { agent_id: agentId, at, kind, state: null, cause, actor_ref: null };
    await this.database.insertInto('agent_events').values(event).execute();
  }

  private async guarded(work: () => Promise<unknown>): Promise<void> {
    await work().catch(() => this.log.write('store.unavailable', { what: 'agents' }));
  }
}
