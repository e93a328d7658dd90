/** What is said about an incident while it is looked into, and its end. */
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import {
  IncidentRegister,
  noteConcerned,
  scopeKey,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import { IncidentScopes } from '#apps/broker/src/incidents/incident-scope.js';
import {
  areNotified,
  type IncidentScope,
  type MyHealthRecordAnswer,
} from '#libs/console-api/incidents.js';
import type { IncidentsTable } from '#libs/db/incidents-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Updateable } from 'kysely';

type Change = Updateable<IncidentsTable>;

@Injectable()
export class ChangeIncident {
  constructor(
    private readonly register: IncidentRegister,
    private readonly scopes: IncidentScopes,
  ) {}

  /** Packs and decisions that were made stay as they are. @throws ConduitError as IncidentScopes, INCIDENT_ALREADY_OPEN */
  async scope(at: IncidentAt, wanted: IncidentScope): Promise<void> {
    const found = await this.scopes.require(wanted, at.practiceId);
    await this.register.change(at, async (within, row) => {
      if (row.drill_seed !== null) throw new ConduitError('INCIDENT_DRILL');
      const key = scopeKey(found.scope, at.practiceId);
      const other = await within
        .selectFrom('incidents')
        .select('incident_id')
        .where('scope_key', '=', key)
        .where('closed_at', 'is', null)
        .where('incident_id', '!=', at.incidentId)
        .executeTakeFirst();
      if (other) {
        const facts = { incidentId: other.incident_id };
        throw new ConduitError('INCIDENT_ALREADY_OPEN', { facts });
      }
      await set(within, at, { scope: JSON.stringify(found.scope), scope_key: key });
      if (at.practiceId === undefined)
        await noteConcerned(within, at.incidentId, found.practiceIds);
      await this.register.note(within, row, {
        ...{ kind: 'scope-changed', type: 'incident.changed', personId: at.personId },
      });
    });
  }

  /** Also of one that is closed: what came later belongs to it. */
  note(at: IncidentAt, text: string): Promise<void> {
    const act = { kind: 'noted', type: 'incident.changed', personId: at.personId } as const;
    const states = ['assessing', 'eligible', 'not-eligible', 'notified', 'closed'] as const;
    return this.register.change(
      at,
      (within, row) => this.register.note(within, row, { ...act, note: text }),
      states,
    );
  }

  /**
   * A new answer can undo what was decided on the old one: then it is assessed again. Also what was notified, where
   * somebody is to be told who was not: the System Operator.
   * @throws ConduitError as IncidentRegister.change
   */
  myHealthRecord(at: IncidentAt, answer: MyHealthRecordAnswer): Promise<void> {
    return this.register.change(at, async (within, row) => {
      if (row.my_health_record === answer) return;
      const isDecided = row.state === 'eligible' || row.state === 'not-eligible';
      const isOpenAgain = isDecided || (row.state === 'notified' && answer === 'yes');
      await set(within, at, {
        my_health_record: answer,
        ...(isOpenAgain && { state: 'assessing' }),
      });
      await this.register.note(within, row, {
        ...{ kind: 'my-health-record', type: 'incident.changed', personId: at.personId },
        word: answer,
      });
    });
  }

  /**
   * Everybody who has to be told was told.
   * @throws ConduitError INCIDENT_STATE where it was not decided so, or a letter was not sent: that to the
   *   Commissioner, to the System Operator where My Health Record data may be involved, or any other that is there
   */
  notified(at: IncidentAt): Promise<void> {
    const states = ['eligible'] as const;
    const notify = async (within: Transaction<Database>, row: IncidentRow) => {
      const letters = await within
        .selectFrom('incident_letters')
        .select(['sent_on', 'recipient'])
        .where('incident_id', '=', at.incidentId)
        .execute();
      const sent = letters.map(({ recipient, sent_on }) => ({
        recipient,
        isSent: sent_on !== null,
      }));
      if (!areNotified(row.my_health_record, sent)) {
        throw new ConduitError('INCIDENT_STATE', { facts: { reason: 'letters-unsent' } });
      }
      await set(within, at, { state: 'notified' });
      const act = { kind: 'notified', type: 'incident.changed', personId: at.personId } as const;
      await this.register.note(within, row, act);
    };
    return this.register.change(at, notify, states);
  }

  /**
   * Of what has to be notified only once it was; of a drill at any time.
   * @throws ConduitError INCIDENT_STATE, also while something is frozen for it
   */
  close(at: IncidentAt): Promise<void> {
    return this.register.change(at, async (within, row) => {
      const isDone = row.state === 'not-eligible' || row.state === 'notified';
      if (!isDone && row.drill_seed === null)
        throw new ConduitError('INCIDENT_STATE', { facts: { reason: row.state } });
      const frozen = await within
        .selectFrom('incident_freezes')
        .select('freeze_id')
        .where('incident_id', '=', at.incidentId)
        .where('thawed_at', 'is', null)
        .executeTakeFirst();
      if (frozen) throw new ConduitError('INCIDENT_STATE', { facts: { reason: 'frozen' } });
      await set(within, at, { state: 'closed', closed_at: this.register.now() });
      const act = { kind: 'closed', type: 'incident.closed', personId: at.personId } as const;
      await this.register.note(within, row, act);
    });
  }
}

async function set(
  within: Transaction<Database>,
  { incidentId }: IncidentAt,
  values: Change,
): Promise<void> {
  await within.updateTable('incidents').set(values).where('incident_id', '=', incidentId).execute();
}
