/** What witnesses have answered, one row an agent. */
import { sql, type Kysely } from 'kysely';
import type { WitnessAlarm } from '#libs/contracts/link-messages.js';
import type { Database } from '#libs/db/schema.js';

/**
 * A cosignature of a shorter head than the one that is kept changes nothing. One that counts ends an
 * alarm: an agent cosigns again only once a person there has looked.
 */
export async function noteCosignature(
  database: Kysely<Database>,
  { agentId, size, line, at }: { agentId: string; size: number; line: string; at: Date },
): Promise<void> {
  const said = { size, cosignature: line, cosigned_at: at };
  await database
    .insertInto('audit_witnesses')
    .values({ agent_id: agentId, ...said })
    .onConflict((conflict) =>
      conflict
        .column('agent_id')
        .doUpdateSet({ ...said, alarm: null, settled_at: null })
        .where(sql<boolean>`coalesce(audit_witnesses.size, 0) <= ${size}::bigint`),
    )
    .execute();
}

/** @returns whether it was not known yet; then it is in the agent's timeline now */
export async function noteAlarm(
  database: Kysely<Database>,
  { agentId, alarm, at }: { agentId: string; alarm: WitnessAlarm; at: Date },
): Promise<boolean> {
  return database.transaction().execute(async (transaction) => {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('audit_witnesses')
      .values({ agent_id: agentId, alarm, alarmed_at: at })
      .onConflict((conflict) =>
        conflict
          .column('agent_id')
          .doUpdateSet({ alarm, alarmed_at: at, settled_at: null })
          .where('audit_witnesses.alarm', 'is distinct from', alarm),
      )
      .executeTakeFirstOrThrow();
    if (!numInsertedOrUpdatedRows) return false;
    await transaction
      .insertInto('agent_events')
      .values({
        agent_id: agentId,
        at,
        kind: 'log-alarm',
        state: null,
        cause: alarm,
        actor_ref: null,
      })
      .execute();
    return true;
  });
}
