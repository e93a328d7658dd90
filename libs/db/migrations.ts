/**
 * The tables' history: append entries, never edit one that was released. Plain PostgreSQL that
 * PGlite runs unchanged.
 */
import { agentLogs } from '#libs/db/agent-logs-migration.js';
import { fleet, revocationAlarm } from '#libs/db/fleet-migration.js';
import {
  auditLog,
  leavesInRecords,
  leavesLookedUpOneByOne,
  logOpenedByOneCall,
  shorterWayIntoTheLog,
} from '#libs/db/audit-log-migration.js';
import { auditReceipts } from '#libs/db/audit-receipts-migration.js';
import { auditReading, cheaperAuditColumns } from '#libs/db/audit-reading-migration.js';
import { approvals } from '#libs/db/approvals-migration.js';
import { deskWishes } from '#libs/db/desk-wishes-migration.js';
import { incidentsMigration } from '#libs/db/incidents-migration.js';
import { integratorDesk } from '#libs/db/integrator-desk-migration.js';
import { logAlarms, unprovenAlarms } from '#libs/db/log-alarms-migration.js';
import { people } from '#libs/db/people-migration.js';
import { closedDays, pausesAtAgents, practiceDesk } from '#libs/db/practice-desk-migration.js';
import { privacyDesk, privacyReaders } from '#libs/db/privacy-migration.js';
import { retention } from '#libs/db/retention-migration.js';
import { sandboxSites } from '#libs/db/sandbox-sites-migration.js';
import { siteHolders } from '#libs/db/site-holders-migration.js';
import { statements } from '#libs/db/statements-migration.js';

export interface Migration {
  name: string;
  statements: readonly string[];
}

const registry: Migration = {
  name: '0001-registry',
  statements: [
    `create table practices (
      practice_id text primary key,
      name text not null,
      created_at timestamptz not null default now()
    )`,
    `create table agents (
      agent_id text primary key,
      practice_id text not null references practices,
      state text not null check (state in ('active', 'quarantined', 'revoked')),
      state_reason text,
      identity_public_key bytea not null,
      encryption_public_key bytea not null,
      encryption_key_since timestamptz not null,
      join_sequence integer not null default 0,
      instance_id text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null
    )`,
    `create table sites (
      site_id text primary key,
      practice_id text not null references practices,
      agent_id text references agents,
      name text not null,
      pms_type text not null,
      pms_site_id text not null,
      pms_version text,
      status text not null check (status in ('initialising', 'active', 'removed', 'uninstalled')),
      authoritative boolean not null,
      catalogues jsonb not null,
      agent_version text,
      enriched_at timestamptz,
      last_seen_at timestamptz,
      closed_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null
    )`,
    `create index sites_by_pms on sites (pms_type, pms_site_id)`,
    `create index sites_by_agent on sites (agent_id)`,
    `create table enrolment_codes (
      code_id text primary key,
      practice_id text not null references practices,
      public_key bytea not null,
      sites jsonb not null,
      failed_attempts integer not null default 0,
      expires_at timestamptz not null,
      used_at timestamptz,
      created_at timestamptz not null default now()
    )`,
    `create table agent_certificates (
      serial text primary key,
      agent_id text not null references agents,
      spki_sha256 bytea not null unique,
      not_before timestamptz not null,
      not_after timestamptz not null,
      revoked_at timestamptz,
      created_at timestamptz not null default now()
    )`,
    `create index agent_certificates_by_agent on agent_certificates (agent_id)`,
  ],
};

const permission: Migration = {
  name: '0002-permission',
  statements: [
    `create table integrators (
      integrator_id text primary key,
      name text not null,
      abn text,
      contact_email text,
      purposes jsonb not null,
      countries jsonb not null,
      created_at timestamptz not null default now()
    )`,
    `create table api_keys (
      key_id text primary key,
      integrator_id text not null references integrators,
      name text not null,
      secret_hmac bytea not null,
      site_ids jsonb not null,
      address_ranges jsonb not null,
      expires_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz not null default now()
    )`,
    `create index api_keys_by_integrator on api_keys (integrator_id)`,
    `create table pairing_codes (
      code_hmac bytea primary key,
      code_prefix text not null,
      site_id text not null references sites,
      failed_attempts integer not null default 0,
      expires_at timestamptz not null,
      redeemed_at timestamptz,
      redeemed_by text references integrators,
      created_at timestamptz not null default now()
    )`,
    `create index pairing_codes_by_prefix on pairing_codes (code_prefix)`,
    `create table access_requests (
      access_request_id text primary key,
      site_id text not null references sites,
      integrator_id text not null references integrators,
      state text not null check (state in ('pending', 'approved', 'declined')),
      asked jsonb not null,
      decline_reason text,
      decided_at timestamptz,
      created_at timestamptz not null default now()
    )`,
    `create index access_requests_by_site on access_requests (site_id, integrator_id)`,
    `create table grants (
      grant_id text not null,
      seq integer not null,
      site_id text not null references sites,
      integrator_id text not null references integrators,
      state text not null check (state in ('active', 'revoked')),
      signed jsonb not null,
      expires_at timestamptz not null,
      agent_receipt jsonb,
      created_at timestamptz not null default now(),
      primary key (grant_id, seq, site_id)
    )`,
    `create index grants_by_site on grants (site_id, integrator_id)`,
  ],
};

const audit: Migration = {
  name: '0003-audit',
  statements: [
    `create table audit_records (
      seq bigint generated always as identity primary key,
      recorded_at timestamptz not null,
      practice_id text,
      record text not null,
      leaf_hash bytea not null
    )`,
    `create index audit_records_by_practice on audit_records (practice_id, seq)`,
    `create function refuse_audit_change() returns trigger language plpgsql as $$
      begin
        raise exception 'audit records are append-only' using errcode = '42501';
      end
    $$`,
    `create trigger audit_records_append_only
      before update or delete or truncate on audit_records
      for each statement execute function refuse_audit_change()`,
    // The trigger binds the owner too; this binds every other role.
    `revoke update, delete, truncate on audit_records from public`,
    `revoke update, delete, truncate on audit_records from current_user`,
  ],
};

const recovery: Migration = {
  name: '0004-recovery',
  statements: [
    // An agent that comes back after a long outage is found by its identity key, and by that alone.
    `create unique index agents_by_identity_key on agents (identity_public_key)`,
    `alter table agents add column join_id text`,
  ],
};

const webhooks: Migration = {
  name: '0005-webhooks',
  statements: [
    `create table webhook_endpoints (
      webhook_id text primary key,
      integrator_id text not null references integrators,
      url text not null,
      events jsonb not null,
      site_ids jsonb not null,
      signature text not null check (signature in ('halo', 'standard')),
      sealed_secret bytea not null,
      public_key text not null,
      previous_sealed_secret bytea,
      previous_public_key text,
      previous_until timestamptz,
      pause_reason text check (pause_reason in ('asked', 'failing')),
      paused_at timestamptz,
      failing_since timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null
    )`,
    `create index webhook_endpoints_by_integrator on webhook_endpoints (integrator_id)`,
    `create table webhook_deliveries (
      delivery_id text primary key,
      webhook_id text not null references webhook_endpoints on delete cascade,
      event_id text not null,
      type text not null,
      site_id text,
      query_id text,
      grant_id text,
      occurred_at timestamptz not null,
      state text not null check (state in ('pending', 'delivered', 'failed', 'held')),
      attempts integer not null default 0,
      tries integer not null default 0,
      wait_ms integer not null default 0,
      due_at timestamptz not null,
      leased_until timestamptz,
      created_at timestamptz not null default now(),
      ended_at timestamptz,
      unique (webhook_id, event_id)
    )`,
    // What is waiting is looked for all the time; what has ended, by its age and by its reader.
    `create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where state = 'pending'`,
    `create index webhook_deliveries_by_age on webhook_deliveries (webhook_id, created_at, delivery_id)`,
    `create table webhook_attempts (
      delivery_id text not null references webhook_deliveries on delete cascade,
      attempt integer not null,
      started_at timestamptz not null,
      duration_ms integer not null,
      status_code integer,
      error text,
      primary key (delivery_id, attempt)
    )`,
    `create table site_availability (
      site_id text primary key references sites,
      availability text not null check (availability in ('online', 'offline', 'unreachable')),
      since timestamptz not null
    )`,
  ],
};

const registered: Migration = {
  name: '0006-registered',
  statements: [
    `create table registered_queries (
      registered_id text primary key,
      integrator_id text not null references integrators,
      site_id text not null references sites,
      key_id text not null,
      grant_id text not null,
      grant_seq integer not null,
      result_key text not null,
      sealed_to text not null,
      sealed_name bytea not null,
      name_key_id text not null,
      creation_mac bytea,
      request_mac bytea,
      state text not null
        check (state in ('enabled', 'cancelled', 'completed', 'initialisationFailedCacheError')),
      delivered boolean not null default false,
      revision integer not null default 1,
      frequency_seconds integer not null,
      duration_seconds integer not null,
      ends_at timestamptz not null,
      request_bytes integer not null,
      last_run bigint not null default 0,
      changed_run bigint not null default 0,
      announced_run bigint not null default 0,
      result_hash text,
      last_succeeded_at timestamptz,
      last_failed_at timestamptz,
      last_execution_ms integer not null default 0,
      succeeded_count integer not null default 0,
      failed_count integer not null default 0,
      result_bytes_sum bigint not null default 0,
      error_code text,
      error_type text,
      error_number integer,
      error_run bigint,
      next_run_at timestamptz,
      completed_at timestamptz,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null
    )`,
    `create index registered_queries_by_owner on registered_queries (integrator_id, site_id)`,
    `create index registered_queries_by_site on registered_queries (site_id)`,
    `create index registered_queries_by_end on registered_queries (ends_at) where state = 'enabled'`,
    `create unique index registered_queries_by_creation
      on registered_queries (integrator_id, site_id, creation_mac) where creation_mac is not null`,
    `create table registered_runs (
      registered_id text not null references registered_queries on delete cascade,
      run bigint not null,
      started_at timestamptz not null,
      execution_ms integer not null,
      outcome text not null check (outcome in ('changed', 'unchanged', 'failed')),
      result_hash text,
      result_rows integer,
      result_bytes integer,
      basis_run bigint,
      added integer,
      changed integer,
      removed integer,
      error_code text,
      primary key (registered_id, run)
    )`,
  ],
};

/** No references: sums outlive what they are about, and one stray id must not keep back the others. */
const usage: Migration = {
  name: '0007-usage',
  statements: [
    // Collation C: pages are cut in the same order whatever the language of the server.
    `create table usage_counts (
      integrator_id text not null,
      site_id text collate "C" not null,
      day text collate "C" not null check (day ~ '^\\d{4}-\\d{2}-\\d{2}$'),
      kind text collate "C" not null check (kind in ('immediate', 'async', 'registered')),
      access text collate "C" not null check (access in ('read', 'write')),
      outcome text collate "C" not null
        check (outcome in ('successful', 'refused', 'failed', 'cancelled', 'lost', 'expired')),
      queries bigint not null,
      request_bytes bigint not null,
      result_bytes bigint not null,
      duration_ms bigint not null,
      sql_ms bigint not null,
      primary key (integrator_id, day, site_id, kind, access, outcome)
    )`,
    `create table usage_batches (
      batch_id text primary key,
      written_at timestamptz not null
    )`,
    `create index usage_batches_by_age on usage_batches (written_at)`,
  ],
};

const siteLoad: Migration = {
  name: '0008-site-load',
  statements: [
    `alter table sites add column load text not null default 'normal'
      check (load in ('normal', 'asyncPaused', 'backgroundPaused'))`,
  ],
};

const webhookCountries: Migration = {
  name: '0024-webhook-countries',
  statements: [
    `alter table webhook_endpoints add column country text check (country ~ '^[A-Z]{2}$')`,
  ],
};

export const migrations: readonly Migration[] = [
  registry,
  permission,
  audit,
  recovery,
  webhooks,
  registered,
  usage,
  siteLoad,
  people,
  approvals,
  practiceDesk,
  fleet,
  integratorDesk,
  statements,
  sandboxSites,
  auditLog,
  pausesAtAgents,
  revocationAlarm,
  closedDays,
  shorterWayIntoTheLog,
  agentLogs,
  deskWishes,
  auditReceipts,
  webhookCountries,
  privacyDesk,
  auditReading,
  logAlarms,
  privacyReaders,
  cheaperAuditColumns,
  retention,
  incidentsMigration,
  leavesLookedUpOneByOne,
  logOpenedByOneCall,
  leavesInRecords,
  unprovenAlarms,
  siteHolders,
];
