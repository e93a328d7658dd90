/** What the logs found wrong and nobody has settled: each agent's alarms, by what they are about. */
import { sql, type Kysely } from 'kysely';
import type { LogAlarmOf } from '#libs/console-api/reconciliation.js';
import type { Database } from '#libs/db/schema.js';

interface OpenLogAlarm {
  agent_id: string;
  about: LogAlarmOf;
  /** A word of a closed list. */
  alarm: string;
  since: Date;
  incidents: number;
}

export const openLogAlarms = (database: Kysely<Database>) =>
  database
    .selectFrom(
      sql<OpenLogAlarm>`(
      select agent_id, 'audit-log' as about, alarm, alarmed_at as since, 0 as incidents
      from audit_witnesses where alarm is not null and settled_at is null
      union all
      select agent_id, 'agent-log', alarm, alarmed_at, 0 from agent_logs where alarm is not null
      union all
      select agent_id, 'records',
        case when sum(incidents) > 0 then 'records-differ' else 'records-unproven' end,
        min(at), sum(incidents)::int
      from (
        select agent_id, found_at as at, 1 as incidents
        from reconciliation_incidents where settled_at is null
        union all
        select agent_id, ended_at, 0 from reconciliations
        where outcome = 'unproven' and settled_at is null
      ) as found group by agent_id
    )`.as('alarms'),
    )
    .selectAll();
