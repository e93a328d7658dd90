/**
 * How the audit records are read: by what they say of themselves, and by a role that sees one
 * tenant's alone. The columns are made by the database out of the record that is proven, so nothing
 * can be filtered as something else than it is.
 */
import type { Migration } from '#libs/db/migrations.js';

/** Whoever reads for a person becomes this role for the transaction; see libs/db/read-audit.ts. */
export const AUDIT_READER = 'conduit_audit_reader';

/**
 * Of a flat record in canonical JSON: in its texts every quote is escaped, so that this sequence of
 * characters is the field itself. A pattern instead of a cast: nothing that a record can hold makes
 * it fail, and a record that can't be stored would stop dispatch.
 */
const fieldByPattern = (name: string): string =>
  `substring(record from '"${name}":"([A-Za-z0-9_.:-]{1,128})"')`;

/** The same, cut at a length that no id has, since an index does not take any. A hundredth of the pattern's cost. */
const fieldByParts = (name: string): string =>
  `nullif(left(split_part(split_part(record, '"${name}":"', 2), '"', 1), 129), '')`;

/** SQL: the columns that a record is found by, made with `field`. */
const columnsBy = (field: (name: string) => string): string =>
  `alter table audit_records
    add column type text collate "C" generated always as (${field('type')}) stored,
    add column integrator_id text collate "C" generated always as (${field('integrator')}) stored,
    add column outcome text collate "C" generated always as (${field('outcome')}) stored`;

/** SQL: it is none of those that come with every query or minute. The others are few, and have their own index. */
export const IS_ACT = [
  'query.executed',
  'query.refused',
  'query.failed',
  'query.submitted',
  'query.expired',
  'query.cancelled',
  'result.purged',
  'agent-log.checkpoint',
  'audit-log.checkpoint',
]
  .map((type) => `type <> '${type}'`)
  .join(' and ');

const indexesOfColumns: string[] = [
  `create index audit_records_by_integrator
    on audit_records (integrator_id, recorded_at, seq) where integrator_id is not null`,
  `create index audit_records_by_practice_and_integrator
    on audit_records (practice_id, integrator_id, recorded_at, seq)
    where integrator_id is not null`,
  `create index audit_records_by_practice_and_outcome
    on audit_records (practice_id, outcome, recorded_at, seq) where outcome <> 'successful'`,
  `create index audit_records_by_integrator_and_outcome
    on audit_records (integrator_id, outcome, recorded_at, seq) where outcome <> 'successful'`,
  `create index audit_acts_by_practice
    on audit_records (practice_id, recorded_at, seq) where ${IS_ACT}`,
  `create index audit_acts_by_integrator
    on audit_records (integrator_id, recorded_at, seq)
    where integrator_id is not null and ${IS_ACT}`,
];

// A case, which no index serves: the reader's own conditions choose the way, this one only closes others.
const policyOfReaders = `create policy audit_records_of_one_reader on audit_records
  for select to ${AUDIT_READER}
  using (
    case current_setting('conduit.reader', true)
      when 'practice' then practice_id = current_setting('conduit.tenant', true)
      when 'integrator' then integrator_id = current_setting('conduit.tenant', true)
      when 'operator' then by_operator
      else false
    end
  )`;

export const auditReading: Migration = {
  name: '0023-audit-reading',
  statements: [
    columnsBy(fieldByPattern),
    ...indexesOfColumns,
    // Roles end and their rows go; what somebody did as the operator's stays the operator's.
    `create table operator_people (person_id text primary key)`,
    `insert into operator_people (person_id) values ('operator')`,
    `insert into operator_people (person_id)
      select distinct person_id from person_roles where role like 'operator-%'`,
    `create function keep_operator_people() returns trigger language plpgsql as $$
      begin
        insert into operator_people (person_id) values (new.person_id) on conflict do nothing;
        return null;
      end
    $$`,
    `create trigger operator_people_are_kept after insert on person_roles
      for each row when (new.role like 'operator-%') execute function keep_operator_people()`,
    `create function is_by_operator(record text) returns boolean language sql stable as $$
      select exists (
        select from operator_people
        where person_id = substring(record from '"actorRef":"([A-Za-z0-9_.:-]{1,128})"')
      )
    $$`,
    `alter table audit_records add column by_operator boolean not null default false`,
    // By a rewrite, for nothing updates these rows.
    `alter table audit_records alter column by_operator type boolean using is_by_operator(record)`,
    `create function mark_act_of_operator() returns trigger language plpgsql as $$
      begin
        new.by_operator := is_by_operator(new.record);
        return new;
      end
    $$`,
    `create trigger audit_records_mark_operator before insert on audit_records
      for each row when (new.record like '%"actorRef":"%')
      execute function mark_act_of_operator()`,
    `create index audit_acts_of_operator on audit_records (recorded_at, seq) where by_operator`,
    // Roles belong to the whole server: another database of it may have made this one already.
    `do $$
      begin
        if not exists (select from pg_roles where rolname = '${AUDIT_READER}') then
          create role ${AUDIT_READER} nologin;
        end if;
      exception
        when duplicate_object or unique_violation then null;
      end
    $$`,
    // A creator of roles may take the role but, since PostgreSQL 16, not use it before this.
    `do $$
      begin
        execute format('grant ${AUDIT_READER} to %I', current_user);
      exception
        when insufficient_privilege then null;
      end
    $$`,
    // Fails here, at the start, rather than at the first page somebody opens.
    `set local role ${AUDIT_READER}`,
    `reset role`,
    `grant select on audit_records, audit_leaves to ${AUDIT_READER}`,
    `alter table audit_records enable row level security`,
    policyOfReaders,
  ],
};

/** Three patterns cost a record ten times as much as all the rest of storing it. */
export const cheaperAuditColumns: Migration = {
  name: '0032-cheaper-audit-columns',
  statements: [
    `drop policy audit_records_of_one_reader on audit_records`,
    // Their indexes go with them.
    `alter table audit_records drop column type, drop column integrator_id, drop column outcome`,
    columnsBy(fieldByParts),
    ...indexesOfColumns,
    policyOfReaders,
  ],
};
