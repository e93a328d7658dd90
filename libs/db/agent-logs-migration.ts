/**
 * The logs of agents as the broker was told of them, and what came of holding them against its own. Records
 * of both sides stand in an incident as they were: texts without payload, each with its place in its log.
 */
import type { Migration } from '#libs/db/migrations.js';

export const agentLogs: Migration = {
  name: '0021-agent-logs',
  statements: [
    `create table agent_logs (
      agent_id text primary key references agents on delete cascade,
      verifier_key text not null,
      key_signature bytea not null,
      size bigint not null default 0,
      root bytea not null,
      signed text not null,
      said_at timestamptz not null,
      was_shorter boolean not null default false,
      alarm text check (alarm in ('fork', 'roll-back', 'other-log')),
      alarmed_at timestamptz,
      alarm_evidence text
    )`,
    `create table reconciliations (
      reconciliation_id text primary key,
      agent_id text not null references agents on delete cascade,
      practice_id text not null references practices,
      asked_by text,
      asked_at timestamptz not null,
      window_from timestamptz not null,
      window_to timestamptz not null,
      ended_at timestamptz,
      outcome text check (outcome in ('agrees', 'differs', 'unknown', 'unproven')),
      matched integer not null default 0,
      undelivered integer not null default 0,
      pending integer not null default 0,
      mismatched integer not null default 0
    )`,
    `create index reconciliations_by_agent on reconciliations (agent_id, asked_at)`,
    `create index reconciliations_by_practice on reconciliations (practice_id, asked_at)`,
    `create table reconciliation_incidents (
      incident_id text primary key,
      reconciliation_id text not null references reconciliations on delete cascade,
      practice_id text not null references practices,
      agent_id text not null references agents on delete cascade,
      found_at timestamptz not null,
      kind text not null check (kind in
        ('dispatched-not-executed', 'executed-not-dispatched', 'differs')),
      query_id text not null,
      fields text,
      broker_leaf bigint,
      broker_record text,
      agent_leaf bigint,
      agent_record text,
      unique (agent_id, kind, query_id)
    )`,
    `create index reconciliation_incidents_by_practice
      on reconciliation_incidents (practice_id, found_at)`,
    // Records come in the order of their times, nearly: this costs a page for millions of them.
    `create index audit_records_by_time on audit_records using brin (recorded_at)`,
  ],
};
