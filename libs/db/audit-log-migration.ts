/**
 * The audit records' place in a Merkle log. A record and its place in the waiting line are committed in
 * one transaction; the sequencer alone gives out leaf numbers, so a record that is committed late is
 * never passed over, whatever its own number. What is in the log can only grow.
 */
import type { Migration } from '#libs/db/migrations.js';

export const auditLog: Migration = {
  name: '0017-audit-log',
  statements: [
    // What is proven is what is stored.
    `alter table audit_records add constraint audit_records_hashed
      check (leaf_hash = sha256('\\x00'::bytea || convert_to(record, 'UTF8')))`,
    `create table audit_waiting (seq bigint primary key)`,
    `insert into audit_waiting (seq) select seq from audit_records`,
    `create function let_audit_records_wait() returns trigger language plpgsql as $$
      begin
        insert into audit_waiting (seq) select seq from added order by seq;
        return null;
      end
    $$`,
    `create trigger audit_records_wait after insert on audit_records
      referencing new table as added
      for each statement execute function let_audit_records_wait()`,
    `create table audit_log (
      only_one boolean primary key default true check (only_one),
      origin text not null,
      public_key bytea not null,
      size bigint not null,
      root bytea not null
    )`,
    `create table audit_leaves (
      leaf_index bigint primary key,
      seq bigint not null unique references audit_records
    )`,
    `create table audit_tiles (
      level smallint not null,
      tile_index bigint not null,
      hashes bytea not null
        check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
      primary key (level, tile_index)
    )`,
    // Hashes do not compress: PostgreSQL need not try.
    `alter table audit_tiles alter column hashes set storage external`,
    `create table audit_checkpoints (
      size bigint primary key,
      made_at timestamptz not null,
      signed text not null
    )`,
    `create index audit_checkpoints_by_age on audit_checkpoints (made_at)`,
    // One row an agent: what it cosigned last, and what it found wrong.
    `create table audit_witnesses (
      agent_id text primary key references agents on delete cascade,
      size bigint,
      cosignature text,
      cosigned_at timestamptz,
      alarm text check (alarm in ('fork', 'roll-back', 'other-log')),
      alarmed_at timestamptz
    )`,
    `create index audit_witnesses_by_size on audit_witnesses (size)`,
    `create function refuse_audit_log_change() returns trigger language plpgsql as $$
      begin
        if tg_table_name = 'audit_tiles' and tg_op = 'UPDATE' then
          if substr(new.hashes, 1, octet_length(old.hashes)) = old.hashes then
            return new;
          end if;
        end if;
        raise exception 'the audit log only grows' using errcode = '42501';
      end
    $$`,
    `create trigger audit_tiles_grow before update on audit_tiles
      for each row execute function refuse_audit_log_change()`,
    `create trigger audit_tiles_stay before delete or truncate on audit_tiles
      for each statement execute function refuse_audit_log_change()`,
    `create trigger audit_leaves_stay before update or delete or truncate on audit_leaves
      for each statement execute function refuse_audit_log_change()`,
    `create trigger audit_checkpoints_stay before update on audit_checkpoints
      for each statement execute function refuse_audit_log_change()`,
  ],
};

/**
 * A batch that gets its leaves in the statement that stores it need not wait in the line. What the
 * store still guarantees: a record has a leaf or waits for one.
 */
export const shorterWayIntoTheLog: Migration = {
  name: '0027-shorter-way-into-the-log',
  statements: [
    `create or replace function let_audit_records_wait() returns trigger language plpgsql as $$
      begin
        insert into audit_waiting (seq)
        select seq from added
        where not exists (select from audit_leaves where audit_leaves.seq = added.seq)
        order by seq;
        return null;
      end
    $$`,
    // Only statements that hold the record in their hands write here, and no record ever goes; the
    // check locked and so rewrote every record.
    `alter table audit_leaves drop constraint audit_leaves_seq_fkey`,
  ],
};

/**
 * Looks each new record up by its own number. As one join over both tables it was planned before anything
 * was known of the leaves, and read all of them for every batch until it was planned anew.
 */
export const leavesLookedUpOneByOne: Migration = {
  name: '0042-leaves-looked-up-one-by-one',
  statements: [
    `create or replace function let_audit_records_wait() returns trigger language plpgsql as $$
      begin
        insert into audit_waiting (seq)
        select seq from added
        where (select true from audit_leaves where audit_leaves.seq = added.seq) is null
        order by seq;
        return null;
      end
    $$`,
  ],
};

/**
 * A step of the log begins by one call instead of three: the lock, the head, the last tile of each level. Each
 * statement of a function sees what was committed before it began, so what is read is read under the lock.
 */
export const logOpenedByOneCall: Migration = {
  name: '0043-log-opened-by-one-call',
  statements: [
    `create function open_audit_log(lock_id bigint) returns table (
      held boolean, origin text, public_key bytea, size bigint, root bytea,
      level smallint, tile_index bigint, hashes bytea
    ) language plpgsql volatile as $$
      begin
        if not pg_try_advisory_xact_lock(lock_id) then
          return;
        end if;
        return query
          select true, log.origin, log.public_key, log.size, log.root,
            tile.level, tile.tile_index, tile.hashes
          from (select) as always
          left join audit_log as log on true
          left join (
            select each::smallint as level, 8 * (each + 1) as bits from generate_series(0, 6) as each
          ) as edge on true
          left join audit_tiles as tile
            on tile.level = edge.level and tile.tile_index = log.size >> edge.bits;
      end
    $$`,
  ],
};

/**
 * A record that gets its leaf in the statement that stores it has the leaf's number in its own row: one row less, and
 * two entries of indexes. `audit_leaves` has the others: of those that waited, and of those that were destroyed. The
 * trigger is a row's, with a condition: a batch that has its leaves calls nothing and copies no row for a trigger to see.
 */
export const leavesInRecords: Migration = {
  name: '0044-leaves-in-records',
  statements: [
    `alter table audit_records add column leaf_index bigint`,
    `create unique index audit_records_by_leaf on audit_records (leaf_index)
      where leaf_index is not null`,
    `drop trigger audit_records_wait on audit_records`,
    `create or replace function let_audit_records_wait() returns trigger language plpgsql as $$
      begin
        insert into audit_waiting (seq) values (new.seq);
        return null;
      end
    $$`,
    `create trigger audit_records_wait after insert on audit_records
      for each row when (new.leaf_index is null) execute function let_audit_records_wait()`,
    // As a pattern the text was gone through by the character.
    `drop trigger audit_records_mark_operator on audit_records`,
    `create trigger audit_records_mark_operator before insert on audit_records
      for each row when (strpos(new.record, '"actorRef":"') > 0)
      execute function mark_act_of_operator()`,
  ],
};
