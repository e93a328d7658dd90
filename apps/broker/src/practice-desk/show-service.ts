/**
 * What whoever looks after a practice's server sees: how the service is and which version, and what
 * the server itself reported. It reads no table that holds requests, permissions or people.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type SqlBool } from 'kysely';
import { actionsOf } from '#apps/broker/src/activity/activity-kinds.js';
import { FindDiagnosis } from '#apps/broker/src/fleet/find-diagnosis.js';
import { PracticeBook, type SiteOfPractice } from '#apps/broker/src/practice-desk/practice-book.js';
import { pmsNames } from '#apps/broker/src/sites/pms-names.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type {
  LogBundle,
  Service,
  ServiceAgent,
  UpdateWindows,
} from '#libs/console-api/practice.js';
import { IS_ACT } from '#libs/db/audit-reading-migration.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { UpdateWindow } from '#libs/grants/update-window.js';
import type { Database } from '#libs/db/schema.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { hoursWords } from '#libs/grants/permitted-hours.js';
import { Clock } from '#libs/kernel/clock.js';

const BUNDLE_DAYS = 30;
const BUNDLE_EVENTS = 5_000;
const DAY_MS = 86_400_000;

@Injectable()
export class ShowService {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly checks: FindDiagnosis,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async execute(practiceId: string): Promise<Service> {
    const { name, timeZone } = await this.book.find(practiceId);
    const sites = await this.book.sites(practiceId);
    return {
      practiceName: name,
      timeZone,
      agents: await this.agents(practiceId, sites),
      codes: await this.codes(practiceId),
      sites: sites.map((site) => ({
        siteId: site.siteId,
        name: site.name,
        pmsType: site.pmsType,
        pmsSiteId: site.pmsSiteId,
      })),
      pmsTypes: Object.entries(pmsNames).map(([pmsType, spelt]) => ({ pmsType, name: spelt })),
    };
  }

  /**
   * What the servers did lately, for a support case: fields from closed lists and times, nothing else.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND
   */
  async logBundle(practiceId: string): Promise<LogBundle> {
    const { agents } = await this.execute(practiceId);
    const nowMs = this.clock.now();
    const rows = await readAudit(this.database, { kind: 'practice', practiceId }, (within) =>
      within
        .selectFrom('audit_records')
        .select('record')
        .where('practice_id', '=', practiceId)
        .where('recorded_at', '>=', new Date(nowMs - BUNDLE_DAYS * DAY_MS))
        .where(sql<SqlBool>`${sql.raw(IS_ACT)}`)
        .where('type', 'in', actionsOf('practice', 'server'))
        .orderBy('recorded_at', 'desc')
        .orderBy('seq', 'desc')
        .limit(BUNDLE_EVENTS)
        .execute(),
    );
    const events = rows.map(({ record }) => {
      const { ts, type, agent, reason, errorCode } = JSON.parse(record) as AuditRecord;
      return {
        at: ts,
        type,
        ...(agent !== undefined && { agentId: agent }),
        ...(reason !== undefined && { reason }),
        ...(errorCode !== undefined && { errorCode }),
      };
    });
    return { madeAt: new Date(nowMs).toISOString(), agents, events };
  }

  /** When each server that is in use may be updated; nothing of how it is. */
  async updateWindows(practiceId: string): Promise<UpdateWindows> {
    const sites = await this.book.sites(practiceId);
    const agents = await this.agents(practiceId, sites);
    return {
      servers: agents
        .filter(({ state }) => state !== 'revoked')
        .map(({ agentId, sites: own, updateWindow }) => ({
          ...{ agentId, sites: own },
          ...(updateWindow && { updateWindow }),
        })),
    };
  }

  private async agents(
    practiceId: string,
    sites: readonly SiteOfPractice[],
  ): Promise<ServiceAgent[]> {
    const rows = await this.database
      .selectFrom('agents')
      .leftJoin('agent_certificates', 'agent_certificates.agent_id', 'agents.agent_id')
      .select(({ fn }) => [
        'agents.agent_id',
        'state',
        'state_reason',
        'update_window',
        fn.max('not_after').as('ends'),
      ])
      .where('practice_id', '=', practiceId)
      .groupBy(['agents.agent_id', 'state', 'state_reason', 'update_window', 'agents.created_at'])
      .orderBy('agents.created_at', 'desc')
      .execute();
    const diagnoses = await this.diagnoses(rows.map((row) => row.agent_id));
    const checks = await Promise.all(rows.map((row) => this.checkOf(row.agent_id)));
    return rows.map((row, index): ServiceAgent => {
      const check = checks[index];
      const own = sites.filter(({ agentId }) => agentId === row.agent_id);
      const [first] = own;
      const doctor = diagnoses.get(row.agent_id);
      return {
        agentId: row.agent_id,
        state: row.state,
        availability: first?.availability ?? 'offline',
        sites: own.map(({ siteId, name, pmsName, load }) => ({ siteId, name, pmsName, load })),
        ...(row.state_reason !== null && { stateReason: row.state_reason }),
        ...(first?.agentVersion !== undefined && { version: first.agentVersion }),
        ...(first?.lastSeenAt !== undefined && { lastSeenAt: first.lastSeenAt }),
        ...(row.ends && { certificateEndsAt: new Date(row.ends).toISOString() }),
        ...(row.update_window && { updateWindow: windowView(row.update_window) }),
        ...(doctor && { doctor: doctorView(doctor, own) }),
        ...(check && { check }),
      };
    });
  }

  private async checkOf(agentId: string): Promise<ServiceAgent['check']> {
    const last = await this.checks.last(agentId);
    if (!last) return undefined;
    const { askedAt, isUnderWay, endedAt, error } = last;
    const silent = !isUnderWay && endedAt === undefined ? catalogue.SITE_UNREACHABLE : undefined;
    const problem = error ?? silent;
    return {
      askedAt,
      isUnderWay,
      ...(problem && { problem: { title: problem.title, remedy: problem.remedy } }),
    };
  }

  /** What each agent's doctor found last. */
  private async diagnoses(agentIds: readonly string[]): Promise<Map<string, Diagnosis>> {
    const rows = await this.database
      .selectFrom('agent_diagnoses')
      .distinctOn('agent_id')
      .select(['agent_id', 'ended_at', 'findings'])
      .where('agent_id', 'in', ['', ...agentIds])
      .where('findings', 'is not', null)
      .orderBy('agent_id')
      .orderBy('asked_at', 'desc')
      .execute();
    return new Map(
      rows.map(({ agent_id: id, ended_at: at, findings }) => [
        id,
        { at: at ?? new Date(0), findings: findings ?? [] },
      ]),
    );
  }

  private async codes(practiceId: string): Promise<Service['codes']> {
    const rows = await this.database
      .selectFrom('enrolment_codes')
      .select(['code_id', 'created_at', 'expires_at', 'sites'])
      .where('practice_id', '=', practiceId)
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('created_at', 'desc')
      .execute();
    return rows.map((row) => ({
      codeId: row.code_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      siteNames: row.sites.map(({ name }) => name),
    }));
  }
}

function windowView(window: UpdateWindow): NonNullable<ServiceAgent['updateWindow']> {
  const { days, from, to } = window;
  return { days, from, to, words: hoursWords(window) };
}

interface Diagnosis {
  at: Date;
  findings: { check: string; siteId: string; ok: boolean; severity: 'critical' | 'warning' }[];
}

const doctorView = (
  { at, findings }: Diagnosis,
  sites: readonly SiteOfPractice[],
): NonNullable<ServiceAgent['doctor']> => ({
  at: at.toISOString(),
  findings: findings.map(({ check, siteId, ok, severity }) => {
    const name = sites.find((site) => site.siteId === siteId)?.name;
    return { check, ok, severity, ...(name !== undefined && { siteName: name }) };
  }),
});
