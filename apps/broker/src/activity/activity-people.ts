import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { AuditScope } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';

const STAFF = 'Conduit staff';
const NAMELESS = 'A person whose name was erased';

interface Held {
  practice_id: string | null;
  integrator_id: string | null;
  practice_name: string | null;
  integrator_name: string | null;
}

/**
 * Who an act's ids stand for, to whoever reads: their own people by name, also those who have left;
 * of everybody else only which house they belong to.
 */
@Injectable()
export class ActivityPeople {
  constructor(private readonly database: Kysely<Database>) {}

  async names(reader: AuditScope, ids: readonly string[]): Promise<Map<string, string>> {
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
      .leftJoin('practices', 'practices.practice_id', 'person_roles.practice_id')
      .select([
        'person_id',
        'person_roles.practice_id',
        'person_roles.integrator_id',
        'practices.name as practice_name',
        'integrators.name as integrator_name',
      ])
      .where('person_id', 'in', ids)
      .execute();
    const staff = await this.database
      .selectFrom('operator_people')
      .select('person_id')
      .where('person_id', 'in', ids)
      .execute();
    const isStaff = new Set(staff.map((row) => row.person_id));
    for (const { person_id: personId, name } of people) {
      const held = roles.filter((role) => role.person_id === personId);
      const wasStaff = isStaff.has(personId);
      const isOwn = reader.kind === 'operator' ? wasStaff : held.some(isOf(reader));
      // Whoever has left a practice was its own, as far as it can be told.
      const hasLeft = reader.kind === 'practice' && held.length === 0 && !wasStaff;
      names.set(personId, isOwn || hasLeft ? name : houseOf(reader, held, wasStaff));
    }
    for (const personId of await this.nameless(ids)) names.set(personId, NAMELESS);
    return names;
  }

  private async nameless(ids: readonly string[]): Promise<string[]> {
    const erased = await this.database
      .selectFrom('person_places')
      .select('person_id')
      .distinct()
      .where('person_id', 'in', ids)
      .where('erased_at', 'is not', null)
      .execute();
    return erased.map((row) => row.person_id);
  }
}

const isOf = (reader: AuditScope) => (held: Held) => {
  if (reader.kind === 'operator') return false;
  return reader.kind === 'practice'
    ? held.practice_id === reader.practiceId
    : held.integrator_id === reader.integratorId;
};

function houseOf(reader: AuditScope, held: readonly Held[], wasStaff: boolean): string {
  if (wasStaff) return STAFF;
  const company = held.find((role) => role.integrator_name !== null)?.integrator_name;
  if (company) return `Somebody at ${company}`;
  const practice = held.find((role) => role.practice_name !== null)?.practice_name;
  if (practice && reader.kind === 'practice') return 'Somebody at another practice';
  return practice ? `Somebody at ${practice}` : 'Somebody who has left';
}
