import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { operatorRoles } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';

const STAFF = 'Conduit staff';

/**
 * Who an act's ids stand for, to somebody at the practice: its own people by name, also those who
 * have left; of everybody else only which house they belong to.
 */
@Injectable()
export class ActivityPeople {
  constructor(private readonly database: Kysely<Database>) {}

  async names(practiceId: string, ids: readonly string[]): Promise<Map<string, string>> {
    const names = new Map<string, string>([['operator', STAFF]]);
    if (ids.length === 0) return names;
    const people = await this.database
      .selectFrom('people')
      .select(['person_id', 'name'])
      .where('person_id', 'in', ids)
      .execute();
    const roles = await this.database
      .selectFrom('person_roles')
      .leftJoin('integrators', 'integrators.integrator_id', 'person_roles.integrator_id')
      .select(['person_id', 'role', 'practice_id', 'integrators.name as integrator_name'])
      .where('person_id', 'in', ids)
      .execute();
    for (const { person_id: personId, name } of people) {
      const own = roles.filter((role) => role.person_id === personId);
      const isStaff = own.some(({ role }) => (operatorRoles as readonly string[]).includes(role));
      const company = own.find((role) => role.integrator_name !== null)?.integrator_name;
      if (own.some((role) => role.practice_id === practiceId)) names.set(personId, name);
      else if (isStaff) names.set(personId, STAFF);
      else if (company) names.set(personId, `Somebody at ${company}`);
      else if (own.length > 0) names.set(personId, 'Somebody at another practice');
      else names.set(personId, name);
    }
    return names;
  }
}
