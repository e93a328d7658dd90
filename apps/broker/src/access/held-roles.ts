import type { Kysely } from 'kysely';
import type { HeldRole } from '#apps/broker/src/access/signed-in-person.js';
import type { Database } from '#libs/db/schema.js';

/** The roles that a person holds now, with the names of the places they hold at. */
export async function heldRoles(
  database: Kysely<Database>,
  personId: string,
  nowMs: number,
): Promise<HeldRole[]> {
  const rows = await database
    .selectFrom('person_roles')
    .leftJoin('practices', 'practices.practice_id', 'person_roles.practice_id')
    .leftJoin('integrators', 'integrators.integrator_id', 'person_roles.integrator_id')
    .select(['role', 'expires_at', 'person_roles.practice_id', 'person_roles.integrator_id'])
    .select(['practices.name as practice_name', 'integrators.name as integrator_name'])
    .where('person_id', '=', personId)
    .where(({ eb, or }) =>
      or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(nowMs))]),
    )
    .orderBy('person_roles.created_at')
    .orderBy('person_role_id')
    .execute();
  return rows.map((row) => ({
    role: row.role,
    ...placeOf(row),
    ...(row.expires_at !== null && { expiresAt: row.expires_at.toISOString() }),
  }));
}

interface PlaceColumns {
  practice_id: string | null;
  practice_name: string | null;
  integrator_id: string | null;
  integrator_name: string | null;
}

/** Where a role is held, in words too; nothing for the operator's own. */
export const placeOf = (row: PlaceColumns) => ({
  ...(row.practice_id !== null && {
    practiceId: row.practice_id,
    practiceName: row.practice_name ?? '',
  }),
  ...(row.integrator_id !== null && {
    integratorId: row.integrator_id,
    integratorName: row.integrator_name ?? '',
  }),
});
