import type { Transaction } from 'kysely';
import type { Database } from '#libs/db/schema.js';

/**
 * Until the transaction ends no other that asks for this goes on for the same integrator: two that
 * count what an integrator has would both find room for one more.
 */
export async function lockIntegrator(
  within: Transaction<Database>,
  integratorId: string,
): Promise<void> {
  await within
    .selectFrom('integrators')
    .select('integrator_id')
    .where('integrator_id', '=', integratorId)
    .forUpdate()
    .executeTakeFirstOrThrow();
}
