/**
 * Freezes for an incident, and their end. One person freezes: it only stops. To let go again takes a second
 * officer; a practice's owner decides alone about the practice's own. What is stopped is stored with its record or
 * not at all, and counts on this node once it is answered; the others hear of it, or read it within a minute.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Selectable, type Transaction } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { QuarantineAgent } from '#apps/broker/src/fleet/quarantine-agent.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import {
  FindFreezeReach,
  type FreezeTarget,
} from '#apps/broker/src/incidents/find-freeze-reach.js';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import {
  IncidentRegister,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { FreezePreview, ThawAnswer } from '#libs/console-api/incidents.js';
import type { IncidentFreezesTable } from '#libs/db/incidents-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

type Freeze = Selectable<IncidentFreezesTable>;
type Target = Pick<FreezeTarget, 'kind' | 'targetId'>;
type Within = Transaction<Database>;

@Injectable()
export class FreezeAccess {
  constructor(
    private readonly register: IncidentRegister,
    private readonly reach: FindFreezeReach,
    private readonly quarantine: QuarantineAgent,
    private readonly release: ReleaseAgent,
    private readonly broadcast: Broadcast,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, INCIDENT_DRILL, INCIDENT_STATE */
  async preview(at: IncidentAt, target: Target) {
    const row = await this.register.find(at);
    if (row.drill_seed !== null) throw new ConduitError('INCIDENT_DRILL');
    if (row.state === 'closed') throw stateOf('closed');
    return this.reach.execute({ ...target, ...ownPractice(at) });
  }

  /**
   * @param shown what was confirmed
   * @returns the freeze's id
   * @throws ConduitError INCIDENT_STATE where it is frozen already, or the agent is not active
   */
  async freeze(at: IncidentAt, shown: FreezePreview & { ofPractice?: string }): Promise<string> {
    const { kind, targetId } = shown;
    const freezeId = randomUUID();
    const store = (within: Within) => this.put(within, at, freezeId, shown);
    // The agent's state, its timeline and the freeze are one transaction.
    if (kind === 'agent') {
      await this.quarantine
        .forIncident(targetId, at.personId, store)
        .catch(asState('ACT_NOT_POSSIBLE', 'agent-not-active'));
    } else {
      await this.register.change(at, store);
    }
    await this.broadcast.publish('freeze.changed', freezeId);
    return freezeId;
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, INCIDENT_STATE, SECOND_PERSON_NEEDED */
  async thaw(at: IncidentAt, freezeId: string): Promise<ThawAnswer> {
    const freeze = await this.register.change(at, (within) => found(within, at, freezeId), ANY);
    const isSecond = await this.isAskedByOfficer(at, freeze);
    if (isSecond && freeze.thaw_asked_by === at.personId)
      throw new ConduitError('SECOND_PERSON_NEEDED');
    if (at.practiceId === undefined && !isSecond) {
      await this.register.change(at, (within, row) => this.ask(within, at, row, freezeId), ANY);
      return { thaw: 'asked' };
    }
    const store = (within: Within) => this.end(within, at, freezeId);
    const isShutOut = freeze.kind === 'agent' && (await this.isQuarantined(at, freeze.target_id));
    if (isShutOut) {
      const terms = { actorRef: at.personId, also: store };
      await this.release.execute(freeze.target_id, 'falseAlarm', terms);
      await this.broadcast.publish('fleet.changed', freeze.target_id);
    } else {
      await this.register.change(at, (within) => store(within), ANY);
    }
    await this.broadcast.publish('freeze.changed', freezeId);
    return { thaw: 'done' };
  }

  private async put(
    within: Within,
    at: IncidentAt,
    freezeId: string,
    { kind, targetId, ofPractice, integrators }: FreezePreview & { ofPractice?: string },
  ): Promise<void> {
    const row = await incidentOf(within, at);
    if (row.state === 'closed') throw stateOf('closed');
    const stored = await within
      .insertInto('incident_freezes')
      .values({
        ...{ freeze_id: freezeId, incident_id: at.incidentId, kind, target_id: targetId },
        ...{ practice_id: at.practiceId ?? null, target_practice_id: ofPractice ?? null },
        ...{ frozen_by: at.personId, frozen_at: this.register.now() },
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (stored.numInsertedOrUpdatedRows !== 1n) throw stateOf('frozen-already');
    const [of] = kind === 'key' ? integrators : [];
    await raiseRevisions(within, { kind, targetId, practiceId: at.practiceId ?? ofPractice });
    const record = recordOf({ kind, target_id: targetId, target_practice_id: ofPractice ?? null });
    const software = of && { integrator: of.integratorId };
    const about = { word: targetId, record: { ...record, ...software, reason: kind } };
    const step = { kind: 'frozen', type: 'incident.frozen', personId: at.personId } as const;
    await this.register.note(within, row, { ...step, ...about });
  }

  private async ask(within: Within, at: IncidentAt, row: IncidentRow, freezeId: string) {
    const freeze = await found(within, at, freezeId);
    if (await isOfficer(within, freeze.thaw_asked_by)) throw stateOf('thaw-asked');
    await within
      .updateTable('incident_freezes')
      .set({ thaw_asked_by: at.personId, thaw_asked_at: this.register.now() })
      .where('freeze_id', '=', freezeId)
      .execute();
    const about = { word: freeze.target_id, record: { reason: freeze.kind } };
    const step = {
      kind: 'thaw-asked',
      type: 'incident.thaw-asked',
      personId: at.personId,
    } as const;
    await this.register.note(within, row, { ...step, ...about });
  }

  private async end(within: Within, at: IncidentAt, freezeId: string): Promise<void> {
    const freeze = await found(within, at, freezeId);
    // Who asked may have lost the role a moment ago; then the word of one is left.
    const isOfTwo = at.practiceId !== undefined || (await isOfficer(within, freeze.thaw_asked_by));
    if (!isOfTwo) throw stateOf('asker-left');
    await within
      .updateTable('incident_freezes')
      .set({ thawed_by: at.personId, thawed_at: this.register.now() })
      .where('freeze_id', '=', freezeId)
      .execute();
    const practiceId = freeze.practice_id ?? freeze.target_practice_id ?? undefined;
    const { kind, target_id: targetId } = freeze;
    await raiseRevisions(within, {
      kind,
      targetId,
      ...(practiceId !== undefined && { practiceId }),
    });
    const about = { word: targetId, record: { ...recordOf(freeze), reason: kind } };
    const step = { kind: 'thawed', type: 'incident.thawed', personId: at.personId } as const;
    await this.register.note(within, await incidentOf(within, at), { ...step, ...about });
  }

  private isAskedByOfficer(at: IncidentAt, freeze: Freeze): Promise<boolean> {
    return this.register.change(at, (within) => isOfficer(within, freeze.thaw_asked_by), ANY);
  }

  private isQuarantined(at: IncidentAt, agentId: string): Promise<boolean> {
    const isSo = async (within: Within): Promise<boolean> => {
      const row = await within
        .selectFrom('agents')
        .select('state')
        .where('agent_id', '=', agentId)
        .executeTakeFirst();
      return row?.state === 'quarantined';
    };
    return this.register.change(at, isSo, ANY);
  }
}

/** Also of one that was closed with something frozen still. */
const ANY = ['assessing', 'eligible', 'not-eligible', 'notified', 'closed'] as const;

const ownPractice = ({ practiceId }: IncidentAt) =>
  practiceId === undefined ? {} : { practiceId };

const stateOf = (reason: string): ConduitError =>
  new ConduitError('INCIDENT_STATE', { facts: { reason } });

const asState =
  (code: string, reason: string) =>
  (error: unknown): never => {
    throw error instanceof ConduitError && error.code === code ? stateOf(reason) : error;
  };

/** It may not belong to the room's own transaction, as an agent's block has one. */
async function incidentOf(within: Within, { incidentId }: IncidentAt): Promise<IncidentRow> {
  return within
    .selectFrom('incidents')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

/** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; INCIDENT_STATE where it has ended */
async function found(
  within: Within,
  { incidentId }: IncidentAt,
  freezeId: string,
): Promise<Freeze> {
  const freeze = await within
    .selectFrom('incident_freezes')
    .selectAll()
    .where('freeze_id', '=', freezeId)
    .where('incident_id', '=', incidentId)
    .forUpdate()
    .executeTakeFirst();
  if (!freeze) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  if (freeze.thawed_at) throw stateOf('thawed');
  return freeze;
}

async function isOfficer(within: Within, personId: string | null): Promise<boolean> {
  const held = await within
    .selectFrom('person_roles')
    .select('person_id')
    .where('person_id', '=', personId ?? '')
    .where('role', '=', 'operator-security')
    .executeTakeFirst();
  return held !== undefined;
}

/** Agents are told anew when their practice's number has grown. */
async function raiseRevisions(
  within: Within,
  {
    kind,
    targetId,
    practiceId,
  }: { kind: Freeze['kind']; targetId: string; practiceId?: string | undefined },
): Promise<void> {
  if (kind === 'key' || kind === 'agent') return;
  await within
    .updateTable('practices')
    .set({ pause_revision: sql`pause_revision + 1` })
    .$if(practiceId !== undefined, (query) => query.where('practice_id', '=', practiceId!))
    .$if(practiceId === undefined, (query) =>
      query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('grants')
            .innerJoin('sites', 'sites.site_id', 'grants.site_id')
            .select('grants.site_id')
            .whereRef('sites.practice_id', '=', 'practices.practice_id')
            .where('grants.integrator_id', '=', targetId),
        ),
      ),
    )
    .execute();
}

/** So that those who are hit find it in their own activity. */
function recordOf({
  kind,
  target_id: id,
  target_practice_id: practiceId,
}: Pick<Freeze, 'kind' | 'target_id' | 'target_practice_id'>): Partial<AuditRecord> {
  return {
    ...(practiceId !== null && { practice: practiceId }),
    ...(kind === 'integrator' && { integrator: id }),
    ...(kind === 'key' && { keyId: id }),
    ...(kind === 'site' && { site: id }),
    ...(kind === 'agent' && { agent: id }),
  };
}
