import type { Kysely } from 'kysely';
import type { ReconciliationOutcome } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';

/** Ends after which the next night goes on where that one stopped. */
export const toldOutcomes: readonly ReconciliationOutcome[] = ['agrees', 'differs', 'unfinished'];

/** Up to when an agent's nights were told; undefined: none yet. */
export async function comparedUntil(
  database: Kysely<Database>,
  agentId: string,
): Promise<number | undefined> {
  const last = await database
    .selectFrom('reconciliations')
    .select('window_to')
    .where('agent_id', '=', agentId)
    .where('asked_by', 'is', null)
    .where('outcome', 'in', toldOutcomes)
    .orderBy('window_to', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.window_to.getTime();
}
