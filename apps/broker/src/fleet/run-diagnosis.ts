/**
 * Carries a diagnosis to the agent where this node holds its link, and stores what came back. An
 * agent could say anything: only short words of the doctor's own kind, about its own sites, are kept.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { agentPatterns, type DoctorFinding } from '#libs/contracts/link-messages.js';
import type { Database } from '#libs/db/schema.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const ANSWER_MS = 75_000;
const MOST_FINDINGS = 1_000;
const CHECK = /^[A-Za-z]{1,20}(\.[A-Za-z-]{1,30}){1,2}$/;

@Injectable()
export class RunDiagnosis implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.broadcast.subscribe('diagnosis.wanted', (id) => void this.run(id));
  }

  beforeApplicationShutdown(): void {
    this.unsubscribe?.();
  }

  /** Never rejects. Nodes without the agent's link leave it alone. */
  async run(diagnosisId: string): Promise<void> {
    try {
      const wanted = await this.database
        .selectFrom('agent_diagnoses')
        .select('agent_id')
        .where('diagnosis_id', '=', diagnosisId)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (!wanted || !this.attached.newest(wanted.agent_id)) return;
      const outcome = await this.ask(wanted.agent_id);
      await this.database
        .updateTable('agent_diagnoses')
        .set({ ...outcome, ended_at: new Date(this.clock.now()) })
        .where('diagnosis_id', '=', diagnosisId)
        .where('ended_at', 'is', null)
        .execute();
      await this.broadcast.publish('fleet.changed', wanted.agent_id);
    } catch {
      this.log.write('store.unavailable', { what: 'fleet' });
    }
  }

  private async ask(agentId: string): Promise<{ findings: string } | { error_code: string }> {
    try {
      const client = this.attached.newest(agentId)?.client;
      if (!client) return { error_code: 'SITE_OFFLINE' };
      const options = { deadlineMs: ANSWER_MS };
      const { runDoctor } = agentPatterns;
      const { findings } = await client.ask<{ findings?: unknown }>(runDoctor, {}, options);
      return { findings: JSON.stringify(keptFindings(findings, await this.sitesOf(agentId))) };
    } catch (error) {
      return { error_code: toConduitError(error).code };
    }
  }

  private async sitesOf(agentId: string): Promise<Set<string>> {
    const sites = this.database.selectFrom('sites').select('site_id');
    const rows = await sites.where('agent_id', '=', agentId).execute();
    return new Set(rows.map((row) => row.site_id));
  }
}

/** What is in the form of a finding and about one of these sites; the rest is left out. */
export function keptFindings(said: unknown, siteIds: ReadonlySet<string>): DoctorFinding[] {
  if (!Array.isArray(said)) return [];
  return said.slice(0, MOST_FINDINGS).flatMap((finding: unknown): DoctorFinding[] => {
    if (typeof finding !== 'object' || finding === null) return [];
    const { check, siteId, ok, severity } = finding as Record<string, unknown>;
    const isRight =
      typeof check === 'string' &&
      CHECK.test(check) &&
      typeof siteId === 'string' &&
      siteIds.has(siteId.toLowerCase()) &&
      typeof ok === 'boolean' &&
      (severity === 'critical' || severity === 'warning');
    return isRight ? [{ check, siteId: siteId.toLowerCase(), ok, severity }] : [];
  });
}
