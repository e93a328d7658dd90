/** The rooms of retention over a store in memory, with the real log; time moves when a test says so. */
import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { StoredAuditTrail } from '#apps/broker/src/audit/audit-trail.postgres.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { FindDestroyed } from '#apps/broker/src/proofs/find-destroyed.js';
import { GatherExport } from '#apps/broker/src/proofs/gather-export.js';
import { ProveLeaves } from '#apps/broker/src/proofs/prove-leaves.js';
import { EraseNames } from '#apps/broker/src/retention/erase-names.js';
import { ExecuteDestructions } from '#apps/broker/src/retention/execute-destructions.js';
import { KeepLonger } from '#apps/broker/src/retention/keep-longer.js';
import { LegalHolds } from '#apps/broker/src/retention/legal-holds.js';
import { DAY_MS, PlanDestructions } from '#apps/broker/src/retention/plan-destructions.js';
import { RetentionNames } from '#apps/broker/src/retention/retention-names.js';
import { retentionSchedule } from '#apps/broker/src/retention/retention-schedule.js';
import { ShowRetention } from '#apps/broker/src/retention/show-retention.js';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { isExportProblem, parseAuditExport } from '#libs/audit/parse-audit-export.js';
import { verifyExports } from '#libs/audit/verify-export.js';
import type { StepUp } from '#libs/console-api/session.js';
import { openMemoryStore } from '#libs/db/empty-store.fixture.js';
import type { OpenedDatabase } from '#libs/db/open-database.js';
import type { Database } from '#libs/db/schema.js';
import { FixedClock } from '#libs/kernel/clock.js';

/** Every confirmation is the right one: what they ask for is remembered. */
class Confirmed extends StepUps {
  readonly asked: string[] = [];

  override require(_: SignedInPerson, { type }: { type: string }): Promise<string> {
    this.asked.push(type);
    return Promise.resolve(type);
  }
}

export const confirmed = {} as StepUp;
export const START_MS = Date.parse('2019-03-04T01:00:00Z');
export const SEVEN_YEARS = retentionSchedule['audit-record'].days;

export class RetentionRoom {
  readonly clock = new FixedClock(START_MS);
  readonly key = new LogKey('conduit.internal/audit', Buffer.alloc(32, 5));
  readonly person = { personId: 'owner-1' } as SignedInPerson;
  readonly officer = { personId: 'officer-1' } as SignedInPerson;
  readonly stepUps = Object.assign(Object.create(Confirmed.prototype) as Confirmed, { asked: [] });
  readonly trail: StoredAuditTrail;
  readonly people: ActivityPeople;
  readonly plans: PlanDestructions;
  readonly longer: KeepLonger;
  readonly holds: LegalHolds;
  readonly names: EraseNames;
  readonly shown: ShowRetention;
  readonly exports: GatherExport;
  readonly destroyed: FindDestroyed;

  private constructor(private readonly store: OpenedDatabase) {
    const { clock, stepUps, key } = this;
    const { kysely } = store;
    this.trail = new StoredAuditTrail(kysely, clock, new MemoryEventLog());
    this.people = new ActivityPeople(kysely);
    this.plans = new PlanDestructions(kysely, clock);
    this.longer = new KeepLonger(kysely, this.trail, stepUps, clock);
    this.holds = new LegalHolds(kysely, this.trail, stepUps, clock);
    this.names = new EraseNames(kysely, this.trail, stepUps, clock);
    this.shown = new ShowRetention(kysely, this.people, new RetentionNames(kysely));
    const prove = new ProveLeaves(kysely, new LogTiles(kysely), key);
    this.destroyed = new FindDestroyed(kysely);
    this.exports = new GatherExport(kysely, prove, this.destroyed, key, clock);
  }

  /** Two practices with a server and a site each, two integrators. @param store to be closed with the room */
  static async open(store?: OpenedDatabase): Promise<RetentionRoom> {
    const room = new RetentionRoom(store ?? (await openMemoryStore()));
    for (const n of [1, 2]) await room.fill(n);
    return room;
  }

  /** As it was opened, but for the tenants, which stay. */
  async empty(): Promise<void> {
    this.clock.advance(START_MS - this.clock.now());
    // Only a test may: the triggers bind everybody else.
    await sql`set session_replication_role = replica`.execute(this.kysely);
    await sql`truncate audit_records, audit_waiting, audit_leaves, audit_log, audit_tiles,
      audit_checkpoints, audit_destroyed, retention_register, retention_plans, retention_holds,
      retention_periods, person_places, people, invitations, integrator_declarations,
      privacy_requests, access_requests, reconciliations, usage_counts, webhook_deliveries,
      agent_events, alerts, act_requests, agent_diagnoses cascade`.execute(this.kysely);
    await sql`alter sequence audit_records_seq_seq restart`.execute(this.kysely);
    await sql`set session_replication_role = origin`.execute(this.kysely);
  }

  get kysely(): Kysely<Database> {
    return this.store.kysely;
  }

  close(): Promise<void> {
    return this.store.close();
  }

  executing(through = this.kysely): ExecuteDestructions {
    return new ExecuteDestructions(through, this.trail, this.clock);
  }

  later(days: number): void {
    this.clock.advance(days * DAY_MS);
  }

  /** What the two jobs do in a night. */
  async night(): Promise<void> {
    await this.executing().execute();
    await this.plans.execute();
    await this.sequenced();
  }

  /** As long as it takes from the first plan to the end. */
  async untilGone(): Promise<void> {
    await this.night();
    this.later(8);
    await this.night();
  }

  async sequenced(): Promise<void> {
    await this.trail.flush();
    const step = new SequenceRecords(this.kysely, this.key, this.clock);
    while ((await step.execute()).state === 'advanced');
  }

  async note(record: Partial<AuditRecord> = {}): Promise<void> {
    this.trail.note({
      ...{ type: 'query.executed', practice: 'practice-1', site: 'site-1' },
      ...{ integrator: 'integrator-1', outcome: 'successful', lane: 'immediate', mode: 'reader' },
      ...{ queryId: randomUUID(), ...record },
    });
    await this.trail.flush();
  }

  /** Seven records of practice-1, one of practice-2, one of nobody; all due but the last of practice-1. */
  async addOldRecords(): Promise<void> {
    for (let n = 0; n < 6; n += 1) {
      await this.note();
      this.later(1);
    }
    await this.note({ practice: 'practice-2', site: 'site-2' });
    this.trail.note({ type: 'sign-in.refused' });
    await this.sequenced();
    this.later(100);
    await this.note();
    await this.sequenced();
    this.clock.advance(START_MS + (SEVEN_YEARS + 7) * DAY_MS - this.clock.now());
  }

  /** The records that are left, as they are stored. */
  async texts(): Promise<string[]> {
    const rows = await this.kysely.selectFrom('audit_records').select('record').execute();
    return rows.map(({ record }) => record);
  }

  /** Those of one type, read. */
  async recorded(type: string): Promise<Record<string, unknown>[]> {
    return (await this.texts())
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .filter((one) => one['type'] === type);
  }

  /** What an export of practice-1 from the beginning of all to now says to whoever checks it. */
  async verified(): Promise<{ wrong: string[]; notices: string[]; records: number }> {
    this.clock.advance(60_000);
    const made = await this.exports.execute({ practiceId: 'practice-1' }, 0, this.clock.now());
    const content = parseAuditExport(formatAuditExport(made));
    if (isExportProblem(content)) throw new Error(`${content.place}: ${content.problem}`);
    const { findings, logs } = verifyExports([{ name: 'export', content }]);
    const of = (level: string) => findings.filter((one) => one.level === level);
    return {
      wrong: of('wrong').map(({ says }) => says),
      notices: of('notice').map(({ says }) => says),
      records: logs[0]?.proven ?? 0,
    };
  }

  async aPerson(name: string, practiceId: string | null, isStaying = false): Promise<string> {
    const personId = randomUUID();
    const at = new Date(this.clock.now());
    const person = { person_id: personId, name, email: 'zz@example.com', updated_at: at };
    await this.kysely.insertInto('people').values(person).execute();
    const role = practiceId === null ? 'operator-support' : 'practice-manager';
    await this.kysely
      .insertInto('person_roles')
      .values({
        ...{ person_role_id: randomUUID(), person_id: personId, role, invited_by: 'operator' },
        ...{ practice_id: practiceId, integrator_id: null, expires_at: null },
      })
      .execute();
    if (!isStaying)
      await this.kysely.deleteFrom('person_roles').where('person_id', '=', personId).execute();
    return personId;
  }

  async count(table: keyof Database): Promise<number> {
    const { rows } = await this.kysely
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('rows'))
      .executeTakeFirstOrThrow();
    return Number(rows);
  }

  private async fill(n: number): Promise<void> {
    const { kysely } = this;
    const [practice_id, agent_id, site_id] = [`practice-${n}`, `agent-${n}`, `site-${n}`];
    const at = new Date(START_MS);
    await kysely
      .insertInto('practices')
      .values({ practice_id, name: `Zz Clinic ${n}` })
      .execute();
    await kysely
      .insertInto('agents')
      .values({
        ...{ agent_id, practice_id, state: 'active', state_reason: null, instance_id: null },
        identity_public_key: Buffer.alloc(32, n),
        ...{ encryption_public_key: Buffer.alloc(32), encryption_key_since: at, updated_at: at },
      })
      .execute();
    await kysely
      .insertInto('sites')
      .values({
        ...{ site_id, practice_id, agent_id, name: `Zz Rooms ${n}`, pms_type: 'Sandbox' },
        ...{ pms_site_id: String(n), status: 'active', authoritative: true },
        ...{ catalogues: '[]', updated_at: at },
      })
      .execute();
    const integrator = { integrator_id: `integrator-${n}`, name: `Zz Software ${n}` };
    await kysely
      .insertInto('integrators')
      .values({ ...integrator, purposes: '[]', countries: '["AU"]' })
      .execute();
  }
}
