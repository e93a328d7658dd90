/** Ends plans before they are carried out. What they had destroyed by then stays destroyed, and is told. */
import type { Transaction } from 'kysely';
import type { RetentionKind } from '#libs/console-api/retention.js';
import type { Database } from '#libs/db/schema.js';

export interface PlansOf {
  /** Absent: of any. */
  kind?: RetentionKind | null;
  practiceId?: string | null;
  integratorId?: string | null;
  /** False: of the schedule alone, not those that somebody asked for. */
  isAsked?: false;
}

interface PlansEnd {
  state: 'undone' | 'stopped';
  now: Date;
  /** A personId. */
  by: string;
  againAfter?: Date;
}

/** @returns their ids */
export async function stopPlans(
  within: Transaction<Database>,
  { kind, practiceId, integratorId, isAsked }: PlansOf,
  { state, now, by, againAfter }: PlansEnd,
): Promise<string[]> {
  let update = within
    .updateTable('retention_plans')
    .set({ state, ended_at: now, ended_by: by, again_after: againAfter ?? null })
    .where('state', '=', 'planned');
  if (kind) update = update.where('kind', '=', kind);
  if (practiceId) update = update.where('practice_id', '=', practiceId);
  if (integratorId) update = update.where('integrator_id', '=', integratorId);
  if (isAsked === false) update = update.where('subject', 'is', null);
  const stopped = await update.returning('plan_id').execute();
  return stopped.map(({ plan_id }) => plan_id);
}
