import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { operatorRoles } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Which sessions of open streams are over, or whose person is no staff any more. Touches none of them. */
@Injectable()
export class LiveSessions {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @returns ids of sessions; of all where the store cannot say: nothing is told on a guess */
  async ended(people: readonly SignedInPerson[]): Promise<Set<string>> {
    const ids = [...new Set(people.map(({ session }) => session.sessionId))];
    if (ids.length === 0) return new Set();
    const now = new Date(this.clock.now());
    const live = await this.database
      .selectFrom('sessions')
      .select('session_id')
      .where('session_id', 'in', ids)
      .where('idle_until', '>', now)
      .where('ends_at', '>', now)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('person_roles')
            .select('person_role_id')
            .whereRef('person_roles.person_id', '=', 'sessions.person_id')
            .where('role', 'in', operatorRoles),
        ),
      )
      .execute()
      .catch(() => []);
    const known = new Set(live.map((row) => row.session_id));
    return new Set(ids.filter((id) => !known.has(id)));
  }
}
