/**
 * The breach workbench: incidents, what was frozen, evidence, decisions, statements, letters. They are read as one
 * reader (libs/db/read-audit.ts): the operator's security officer the operator's, a practice its own, and of the
 * operator's its own part once it was told.
 */
import { AUDIT_READER } from '#libs/db/audit-reading-migration.js';
import type { Migration } from '#libs/db/migrations.js';

const reader = `current_setting('conduit.reader', true)`;
const tenant = `current_setting('conduit.tenant', true)`;

/** SQL: whose the incident is, reads all of it. */
const isOwn = `case ${reader}
  when 'operator' then incidents.practice_id is null
  when 'practice' then incidents.practice_id = ${tenant}
  else false
end`;

const ofOwn = (table: string): string => `exists (
  select from incidents where incidents.incident_id = ${table}.incident_id and ${isOwn}
)`;

/** SQL: it is the reader's own part of an incident that it was told of. */
const told = (table: string): string => `(${reader} = 'practice' and exists (
  select from incident_practices as part
  where part.incident_id = ${table}.incident_id and part.practice_id = ${tenant}
    and part.told_at is not null
))`;

const readBy = (table: string, using: string): string[] => [
  `alter table ${table} enable row level security`,
  `grant select on ${table} to ${AUDIT_READER}`,
  `create policy ${table}_of_one_reader on ${table} for select to ${AUDIT_READER} using (${using})`,
];

const register = [
  `create table incidents (
    incident_id text primary key,
    practice_id text references practices,
    title text not null,
    noticed text not null,
    source jsonb,
    aware_at timestamptz not null,
    time_zone text not null,
    due_on text not null,
    opened_by text not null,
    opened_at timestamptz not null,
    my_health_record text not null check (my_health_record in ('unknown', 'no', 'yes')),
    scope jsonb not null,
    scope_key text not null,
    drill_seed bigint,
    state text not null default 'assessing'
      check (state in ('assessing', 'eligible', 'not-eligible', 'notified', 'closed')),
    reminded smallint not null default 0,
    closed_at timestamptz,
    check ((state = 'closed') = (closed_at is not null))
  )`,
  // Two who open the same at once: one of them is told of the other's.
  `create unique index incidents_open_by_scope on incidents (scope_key) where closed_at is null`,
  `create index incidents_by_practice on incidents (practice_id, closed_at)`,
  `create table incident_practices (
    incident_id text not null references incidents,
    practice_id text not null references practices,
    told_at timestamptz,
    primary key (incident_id, practice_id)
  )`,
  `create index incident_practices_by_practice on incident_practices (practice_id)`,
  `create table incident_steps (
    incident_step_id bigint generated always as identity primary key,
    incident_id text not null references incidents,
    at timestamptz not null,
    kind text not null,
    person_id text,
    word text,
    note text
  )`,
  `create index incident_steps_by_incident on incident_steps (incident_id, incident_step_id)`,
];

const freezes = [
  `create table incident_freezes (
    freeze_id text primary key,
    incident_id text not null references incidents,
    kind text not null check (kind in ('integrator', 'key', 'site', 'agent')),
    target_id text not null,
    practice_id text references practices,
    target_practice_id text,
    frozen_by text not null,
    frozen_at timestamptz not null,
    thaw_asked_by text,
    thaw_asked_at timestamptz,
    thawed_by text,
    thawed_at timestamptz
  )`,
  `create unique index incident_freezes_in_force
    on incident_freezes (kind, target_id, coalesce(practice_id, '')) where thawed_at is null`,
  `create index incident_freezes_by_incident on incident_freezes (incident_id)`,
];

const evidence = [
  `create table incident_packs (
    pack_id text primary key,
    incident_id text not null references incidents,
    asked_by text not null,
    asked_at timestamptz not null,
    agents integer not null,
    log_size bigint not null,
    log_root text not null,
    ready_at timestamptz,
    failed boolean not null default false,
    queries bigint,
    hash text,
    content text
  )`,
  `create index incident_packs_by_incident on incident_packs (incident_id, asked_at)`,
  // One agent's evidence, by whichever node has its link; gone when the pack is ready.
  `create table incident_pack_parts (
    part_id text primary key,
    pack_id text not null references incident_packs,
    agent_id text,
    practice_id text not null,
    site_ids jsonb not null,
    taken_at timestamptz,
    evidence text
  )`,
  `create index incident_pack_parts_by_pack on incident_pack_parts (pack_id)`,
  `create table incident_pack_shares (
    pack_id text not null references incident_packs,
    incident_id text not null references incidents,
    practice_id text not null references practices,
    made_at timestamptz not null,
    agents integer not null,
    queries bigint not null,
    hash text not null,
    content text not null,
    primary key (pack_id, practice_id)
  )`,
];

const decided = [
  `create table incident_decisions (
    decision_id text primary key,
    incident_id text not null references incidents,
    at timestamptz not null,
    person_id text not null,
    outcome text not null check (outcome in ('eligible', 'not-eligible', 'my-health-record')),
    grounds jsonb not null,
    weighed jsonb not null,
    reasons text not null,
    pack_hash text,
    my_health_record text not null
  )`,
  `create index incident_decisions_by_incident on incident_decisions (incident_id, at)`,
  // A decision is corrected by another, never changed: not by a mistake of ours either.
  `create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception 'a row of % is never changed', tg_table_name;
    end
  $$`,
  `create trigger incident_decisions_stay before update or delete on incident_decisions
    for each row execute function refuse_change()`,
  `create table incident_statements (
    incident_id text not null references incidents,
    version integer not null,
    at timestamptz not null,
    person_id text,
    parts jsonb not null,
    primary key (incident_id, version)
  )`,
  `create trigger incident_statements_stay before update or delete on incident_statements
    for each row execute function refuse_change()`,
  `create table incident_letters (
    letter_id text primary key,
    incident_id text not null references incidents,
    recipient text not null
      check (recipient in ('practice', 'oaic', 'system-operator', 'integrator')),
    recipient_id text not null default '',
    recipient_name text not null,
    subject text not null,
    text text not null,
    is_edited boolean not null default false,
    sent_on text,
    sent_how text,
    sent_by text,
    unique (incident_id, recipient, recipient_id)
  )`,
];

export const incidentsMigration: Migration = {
  name: '0029-incidents',
  statements: [
    ...[...register, ...freezes, ...evidence, ...decided],
    ...readBy('incidents', `${isOwn} or ${told('incidents')}`),
    // Only the operator's have rows in it. The others look into it, so it must not look into them.
    ...readBy(
      'incident_practices',
      `${reader} = 'operator' or (${reader} = 'practice' and practice_id = ${tenant})`,
    ),
    ...['incident_steps', 'incident_packs', 'incident_decisions', 'incident_statements'].flatMap(
      (table) => readBy(table, ofOwn(table)),
    ),
    ...readBy(
      'incident_freezes',
      `${ofOwn('incident_freezes')} or (${told('incident_freezes')} and (
        kind = 'integrator' or target_practice_id = ${tenant}
      ))`,
    ),
    ...readBy(
      'incident_pack_shares',
      `practice_id = ${tenant} and ${told('incident_pack_shares')}`,
    ),
    ...readBy(
      'incident_letters',
      `${ofOwn('incident_letters')} or (${told('incident_letters')}
        and recipient = 'practice' and recipient_id = ${tenant} and sent_on is not null)`,
    ),
  ],
};
