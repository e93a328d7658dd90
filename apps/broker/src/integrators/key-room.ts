/** How many live keys an integrator may have: enough for every program of its own, and to replace one without a gap. */
import type { Transaction } from 'kysely';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export const keyLimits = { perName: 2, perIntegrator: 20 } as const;

/**
 * Locks the integrator's row, so that two orders at once cannot both find room.
 * @throws ConduitError REGISTRY_ENTRY_NOT_FOUND, KEY_LIMIT
 */
export async function requireKeyRoom(
  within: Transaction<Database>,
  integratorId: string,
  name: string,
  now: Date,
): Promise<void> {
  const integrator = await within
    .selectFrom('integrators')
    .select('integrator_id')
    .where('integrator_id', '=', integratorId)
    .forUpdate()
    .executeTakeFirst();
  if (!integrator) {
    throw new ConduitError('REGISTRY_ENTRY_NOT_FOUND', { facts: { field: 'integratorId' } });
  }
  const live = await within
    .selectFrom('api_keys')
    .select('name')
    .where('integrator_id', '=', integratorId)
    .where('revoked_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', now)]))
    .execute();
  const ofName = live.filter((key) => key.name === name).length;
  if (ofName >= keyLimits.perName) {
    throw new ConduitError('KEY_LIMIT', { facts: { limit: keyLimits.perName } });
  }
  if (live.length >= keyLimits.perIntegrator) {
    throw new ConduitError('KEY_LIMIT', { facts: { limit: keyLimits.perIntegrator } });
  }
}
