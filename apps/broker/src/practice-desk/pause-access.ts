/**
 * Stops an integrator, or all of them, with one press, and lets them go on again. A pause only ever
 * takes away, so it needs no passkey; it counts at every node once it is answered, and is on its way to
 * the practice's server.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EVERYONE } from '#apps/broker/src/grants/live-pauses.js';
import { ShowPauses } from '#apps/broker/src/practice-desk/show-pauses.js';
import type { Pauses } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

@Injectable()
export class PauseAccess {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly shown: ShowPauses,
  ) {}

  list(practiceId: string): Promise<Pauses> {
    return this.shown.execute(practiceId);
  }

  /**
   * What is paused already stays paused since then.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for an integrator that never asked this practice
   */
  async pause(practiceId: string, person: SignedInPerson, integratorId?: string): Promise<void> {
    await this.change(practiceId, person, 'access.paused', integratorId, async (within) => {
      if (integratorId !== undefined) await requireKnown(within, practiceId, integratorId);
      const inserted = await within
        .insertInto('access_pauses')
        .values({
          practice_id: practiceId,
          integrator_id: integratorId ?? EVERYONE,
          paused_by: person.personId,
          paused_at: new Date(this.clock.now()),
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 1n;
    });
  }

  /** Of all: what was paused one by one stays paused. */
  async resume(practiceId: string, person: SignedInPerson, integratorId?: string): Promise<void> {
    await this.change(practiceId, person, 'access.resumed', integratorId, async (within) => {
      const deleted = await within
        .deleteFrom('access_pauses')
        .where('practice_id', '=', practiceId)
        .where('integrator_id', '=', integratorId ?? EVERYONE)
        .executeTakeFirst();
      return deleted.numDeletedRows === 1n;
    });
  }

  private async change(
    practiceId: string,
    { personId }: SignedInPerson,
    type: 'access.paused' | 'access.resumed',
    integratorId: string | undefined,
    act: (within: Transaction<Database>) => Promise<boolean>,
  ): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      if (!(await act(within))) return;
      await within
        .updateTable('practices')
        .set({ pause_revision: sql`pause_revision + 1` })
        .where('practice_id', '=', practiceId)
        .execute();
      const whom = integratorId === undefined ? {} : { integrator: integratorId };
      await this.audit.record({ type, practice: practiceId, ...whom, actorRef: personId }, within);
    });
    // Also when nothing changed: whoever presses twice may have missed the first answer.
    await this.broadcast.publish('pause.changed', practiceId);
  }
}

/** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for an integrator that never asked this practice */
export async function requireKnown(
  within: Transaction<Database>,
  practiceId: string,
  integratorId: string,
): Promise<void> {
  const known = await within
    .selectFrom('access_requests')
    .innerJoin('sites', 'sites.site_id', 'access_requests.site_id')
    .select('integrator_id')
    .where('practice_id', '=', practiceId)
    .where('integrator_id', '=', integratorId)
    .executeTakeFirst();
  if (!known) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
}
