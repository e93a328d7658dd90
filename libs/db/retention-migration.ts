/**
 * Retention: periods that practices chose, holds, destructions that are planned, and the register of those
 * that were done. The store itself sees to it that no audit record goes without its entry in the register, and
 * that nothing is ever taken out of the register.
 */
import { AUDIT_READER } from '#libs/db/audit-reading-migration.js';
import type { Migration } from '#libs/db/migrations.js';

/** SQL: rows of these tables are their tenant's; the operator sees counts, of all. */
const ofTenant = (integrators: string) => `
  case current_setting('conduit.reader', true)
    when 'practice' then practice_id = current_setting('conduit.tenant', true)
    when 'integrator' then ${integrators}
    when 'operator' then true
    else false
  end`;

/** What an integrator is told of: its own part of what practices and it have together is not its to know. */
const OWN_KINDS = `integrator_id = current_setting('conduit.tenant', true)
  and kind in ('audit-record', 'webhook-delivery')`;

const readable = (table: string, integrators: string): string[] => [
  `alter table ${table} enable row level security`,
  `grant select on ${table} to ${AUDIT_READER}`,
  `create policy ${table}_of_one_reader on ${table}
    for select to ${AUDIT_READER} using (${ofTenant(integrators)})`,
];

export const retention: Migration = {
  name: '0028-retention',
  statements: [
    // Ids without a name: whose somebody was stays known when the name is gone.
    `create table person_places (
      person_id text not null,
      practice_id text,
      integrator_id text,
      erased_at timestamptz
    )`,
    `create unique index person_places_once on person_places
      (person_id, coalesce(practice_id, ''), coalesce(integrator_id, ''))`,
    `create index person_places_by_practice on person_places (practice_id)`,
    `insert into person_places (person_id, practice_id, integrator_id)
      select distinct person_id, practice_id, integrator_id from person_roles`,
    `create function keep_person_places() returns trigger language plpgsql as $$
      begin
        insert into person_places (person_id, practice_id, integrator_id)
        values (new.person_id, new.practice_id, new.integrator_id) on conflict do nothing;
        return null;
      end
    $$`,
    `create trigger person_places_are_kept after insert on person_roles
      for each row execute function keep_person_places()`,
    `create table retention_periods (
      practice_id text not null references practices,
      kind text not null,
      days integer not null check (days > 0),
      set_by text not null,
      set_at timestamptz not null,
      primary key (practice_id, kind)
    )`,
    `create table retention_holds (
      hold_id text primary key,
      practice_id text,
      integrator_id text,
      site_id text,
      kind text,
      window_from timestamptz,
      window_to timestamptz,
      reason text not null,
      placed_as text not null check (placed_as in ('practice', 'operator')),
      placed_by text not null,
      placed_at timestamptz not null,
      lifted_by text,
      lifted_at timestamptz,
      check (practice_id is not null or integrator_id is not null)
    )`,
    `create index retention_holds_in_force on retention_holds (practice_id) where lifted_at is null`,
    `create table retention_plans (
      plan_id text primary key,
      kind text not null,
      rule_version integer not null,
      practice_id text,
      integrator_id text,
      subject text,
      window_to timestamptz not null,
      records bigint not null,
      oldest timestamptz,
      newest timestamptz,
      decided_by text not null,
      planned_at timestamptz not null,
      execute_after timestamptz not null,
      state text not null default 'planned'
        check (state in ('planned', 'undone', 'stopped', 'executed')),
      ended_at timestamptz,
      ended_by text,
      again_after timestamptz
    )`,
    `create unique index retention_plans_once on retention_plans
      (kind, coalesce(practice_id, ''), coalesce(integrator_id, ''), coalesce(subject, ''))
      where state = 'planned'`,
    `create index retention_plans_due on retention_plans (execute_after) where state = 'planned'`,
    `create index retention_plans_undone on retention_plans (kind, again_after)
      where state = 'undone'`,
    `create table retention_register (
      destruction_id text primary key,
      plan_id text not null references retention_plans,
      kind text not null,
      action text not null check (action in ('destroyed', 'name-erased')),
      rule_version integer not null,
      practice_id text,
      integrator_id text,
      records bigint not null,
      oldest timestamptz not null,
      newest timestamptz not null,
      decided_by text not null,
      destroyed_at timestamptz not null
    )`,
    `create index retention_register_by_practice on retention_register (practice_id, destroyed_at)`,
    `create index retention_register_by_integrator
      on retention_register (integrator_id, destroyed_at) where integrator_id is not null`,
    `create index retention_register_by_plan on retention_register (plan_id)`,
    // The leaf's number and its hash in the tiles are all that is left of a record.
    `create table audit_destroyed (
      leaf_index bigint primary key references audit_leaves,
      destruction_id text not null references retention_register
    )`,
    `create index audit_destroyed_by_destruction on audit_destroyed (destruction_id, leaf_index)`,
    `create function refuse_register_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the register of destructions only grows' using errcode = '42501';
      end
    $$`,
    `create trigger retention_register_stays before update or delete or truncate
      on retention_register for each statement execute function refuse_register_change()`,
    `create trigger audit_destroyed_stays before update or delete or truncate
      on audit_destroyed for each statement execute function refuse_register_change()`,
    `drop trigger audit_records_append_only on audit_records`,
    `create trigger audit_records_append_only before update or truncate on audit_records
      for each statement execute function refuse_audit_change()`,
    `create function refuse_unregistered_destruction() returns trigger language plpgsql as $$
      begin
        if exists (
          select from audit_leaves
          join audit_destroyed using (leaf_index)
          join retention_register as entry using (destruction_id)
          where audit_leaves.seq = old.seq and entry.kind = 'audit-record'
            and entry.practice_id is not distinct from old.practice_id
            and entry.integrator_id is not distinct from old.integrator_id
            and old.recorded_at between entry.oldest and entry.newest
        ) then
          return old;
        end if;
        raise exception 'audit records are append-only' using errcode = '42501';
      end
    $$`,
    `create trigger audit_records_go_by_the_register before delete on audit_records
      for each row execute function refuse_unregistered_destruction()`,
    `grant delete on audit_records to current_user`,
    ...readable('retention_periods', 'false'),
    ...readable('retention_holds', 'false'),
    ...readable('retention_plans', OWN_KINDS),
    ...readable('retention_register', OWN_KINDS),
    `grant select on audit_destroyed to ${AUDIT_READER}`,
  ],
};
