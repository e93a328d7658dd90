/**
 * Whether an incident has to be notified. A decision is never changed; another takes its place. Where My Health Record
 * data may be involved there is no threshold of harm, and nothing else can be decided.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import {
  IncidentRegister,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import { invalid } from '#apps/broker/src/incidents/incident-scope.js';
import { decisionGrounds, type DecideRequest } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** Before it is notified it may be decided anew; what was notified is. */
const DECIDABLE = ['assessing', 'eligible', 'not-eligible'] as const;

@Injectable()
export class DecideIncident {
  constructor(private readonly register: IncidentRegister) {}

  /**
   * @throws ConduitError REQUEST_INVALID for grounds that do not fit, or a pack that is not the incident's;
   *   INCIDENT_STATE where the answer about My Health Record does not allow it
   */
  async execute(at: IncidentAt, wanted: Omit<DecideRequest, 'stepUp'>): Promise<void> {
    const { outcome, grounds, weighed, reasons, packHash } = wanted;
    const fitting: readonly string[] = decisionGrounds[outcome];
    if (grounds.length === 0) throw invalid('grounds', 'must have at least one');
    if (!grounds.every((ground) => fitting.includes(ground)))
      throw invalid('grounds', `must be of: ${fitting.join(', ')}`);
    const decide = async (within: Transaction<Database>, row: IncidentRow): Promise<void> => {
      requireFit(outcome, row);
      await this.requirePack(within, at, packHash);
      await within
        .insertInto('incident_decisions')
        .values({
          ...{ decision_id: randomUUID(), incident_id: at.incidentId, at: this.register.now() },
          ...{ person_id: at.personId, outcome, reasons, pack_hash: packHash ?? null },
          ...{ grounds: JSON.stringify(grounds), weighed: JSON.stringify(weighed) },
          my_health_record: row.my_health_record,
        })
        .execute();
      await within
        .updateTable('incidents')
        .set({ state: outcome === 'not-eligible' ? 'not-eligible' : 'eligible' })
        .where('incident_id', '=', at.incidentId)
        .execute();
      const step = { kind: 'decided', type: 'incident.decided', personId: at.personId } as const;
      await this.register.note(within, row, {
        ...step,
        word: outcome,
        record: { reason: outcome },
      });
    };
    await this.register.change(at, decide, DECIDABLE);
  }

  private async requirePack(
    within: Transaction<Database>,
    { incidentId }: IncidentAt,
    packHash: string | undefined,
  ): Promise<void> {
    const ready = await within
      .selectFrom('incident_packs')
      .select('hash')
      .where('incident_id', '=', incidentId)
      .where('ready_at', 'is not', null)
      .execute();
    const isKnown = ready.some(({ hash }) => hash === packHash);
    if (ready.length > 0 && packHash === undefined)
      throw invalid('packHash', 'must be that of the pack that was looked at');
    if (packHash !== undefined && !isKnown)
      throw invalid('packHash', 'is no pack of this incident');
  }
}

function requireFit(outcome: DecideRequest['outcome'], { my_health_record: answer }: IncidentRow) {
  const reason =
    answer === 'yes' && outcome !== 'my-health-record'
      ? 'my-health-record-has-no-threshold'
      : answer !== 'yes' && outcome === 'my-health-record'
        ? 'no-my-health-record'
        : answer === 'unknown' && outcome === 'not-eligible'
          ? 'my-health-record-unknown'
          : undefined;
  if (reason !== undefined) throw new ConduitError('INCIDENT_STATE', { facts: { reason } });
}
