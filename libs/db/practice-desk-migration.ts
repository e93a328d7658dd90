/** The practice's desk: its clock, what it paused, and its acts found by their time. */
import type { Migration } from '#libs/db/migrations.js';

export const practiceDesk: Migration = {
  name: '0011-practice-desk',
  statements: [
    `alter table practices add column time_zone text not null default 'Australia/Sydney'`,
    `alter table sites add column load_since timestamptz`,
    // '*': all integrators. No reference: a pause also holds for who comes later.
    `create table access_pauses (
      practice_id text not null references practices,
      integrator_id text not null,
      paused_by text not null,
      paused_at timestamptz not null,
      primary key (practice_id, integrator_id)
    )`,
    // By time instead of by number: a page of activity and the sums of a day are read this way.
    `drop index audit_records_by_practice`,
    `create index audit_records_by_practice on audit_records (practice_id, recorded_at, seq)`,
  ],
};

/** How far each practice's server has come with what the practice paused. */
export const pausesAtAgents: Migration = {
  name: '0018-pauses-at-agents',
  statements: [
    `alter table practices add column pause_revision bigint not null default 0`,
    `create table pauses_at_agents (
      agent_id text primary key references agents on delete cascade,
      revision bigint not null,
      pauses jsonb not null
    )`,
  ],
};

/** Days on which a practice is closed, public holidays above all: nobody misses its server then. */
export const closedDays: Migration = {
  name: '0020-closed-days',
  statements: [`alter table practices add column closed_days jsonb not null default '[]'`],
};
