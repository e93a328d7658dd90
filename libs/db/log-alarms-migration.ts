/**
 * What the two logs find wrong is an alert, and somebody settles it with a reason; witnesses from
 * outside have a place; a reconciliation can say that it was not finished.
 */
import type { Migration } from '#libs/db/migrations.js';

export const logAlarms: Migration = {
  name: '0030-log-alarms',
  statements: [
    `alter table reconciliations drop constraint reconciliations_outcome_check`,
    `alter table reconciliations add constraint reconciliations_outcome_check
      check (outcome in ('agrees', 'differs', 'unknown', 'unproven', 'unfinished'))`,
    `alter table alert_rules drop constraint alert_rules_kind_check`,
    `alter table alert_rules add constraint alert_rules_kind_check
      check (kind in ('agent-unreachable', 'data-path-failing', 'certificate-expiring', 'clock-skewed',
        'agent-quarantined', 'queue-growing', 'revocation-unconfirmed', 'log-contradicted'))`,
    `insert into alert_rules
      (rule_id, kind, is_on, after_seconds, threshold, keeps_hours, emails) values
      ('log-contradicted', 'log-contradicted', true, 0, null, false, '[]')`,
    `alter table audit_witnesses add column settled_at timestamptz`,
    `alter table reconciliation_incidents add column settled_at timestamptz`,
    `create index reconciliation_incidents_open
      on reconciliation_incidents (agent_id, found_at) where settled_at is null`,
    // Both heads stand here for good: what was kept, and what contradicted it.
    `create table log_settlements (
      settlement_id text primary key,
      agent_id text not null references agents on delete cascade,
      about text not null check (about in ('audit-log', 'agent-log', 'records')),
      alarm text not null,
      alarmed_at timestamptz not null,
      kept_head text,
      other_head text,
      incidents integer not null default 0,
      reason text not null check (char_length(reason) between 1 and 500),
      settled_by text not null,
      settled_at timestamptz not null
    )`,
    `create index log_settlements_by_agent on log_settlements (agent_id, settled_at)`,
    `create table outside_witnesses (
      verifier_key text primary key,
      size bigint not null,
      cosignature text not null,
      cosigned_at timestamptz not null
    )`,
    `create index outside_witnesses_by_size on outside_witnesses (size)`,
  ],
};

/** A log that proves nothing of what its agent did is an alert too, until somebody settles it. */
export const unprovenAlarms: Migration = {
  name: '0045-unproven-alarms',
  statements: [
    `alter table reconciliations add column settled_at timestamptz`,
    `create index reconciliations_unproven on reconciliations (agent_id)
      where outcome = 'unproven' and settled_at is null`,
  ],
};
