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
