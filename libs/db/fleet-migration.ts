/**
 * The operator's view of the fleet: how each agent is, what became of it, who is to be told, what
 * waits for a second person. Codes, words of closed lists, times and counts: nothing of a practice's
 * data and nobody's name.
 */
import type { Migration } from '#libs/db/migrations.js';

const states = `('online', 'degraded', 'offline', 'unreachable', 'quarantined', 'revoked')`;
const alertKinds = `('agent-unreachable', 'data-path-failing', 'certificate-expiring', 'clock-skewed',
  'agent-quarantined', 'queue-growing')`;

export const fleet: Migration = {
  name: '0013-fleet',
  statements: [
    // Written often and in bulk: what changes with each heartbeat has no index, and pages have room
    // for the new row beside the old one.
    `create table agent_health (
      agent_id text primary key references agents on delete cascade,
      state text not null default 'offline' check (state in ${states}),
      cause text not null default 'never-joined',
      state_since timestamptz not null default now(),
      heard_at timestamptz,
      reported_at timestamptz,
      joined_at timestamptz,
      left_at timestamptz,
      reconnects integer not null default 0,
      reconnects_since timestamptz,
      link_ms integer,
      clock_offset_ms bigint,
      version text,
      certificate_ends_at timestamptz,
      paused boolean not null default false,
      database text check (database in ('ok', 'unavailable', 'loginRefused', 'unknown')),
      database_since timestamptz,
      database_ms integer,
      probed_at timestamptz,
      load text not null default 'normal',
      waiting integer not null default 0,
      waiting_since timestamptz,
      last_error text,
      last_error_at timestamptz,
      sites jsonb not null default '[]'
    ) with (fillfactor = 50)`,
    `create index agent_health_by_state on agent_health (state, state_since)`,
    `insert into agent_health (agent_id) select agent_id from agents`,
    // An agent without such a row would be missing from the fleet, however it came to be.
    `create function begin_agent_health() returns trigger language plpgsql as $$
      begin
        insert into agent_health (agent_id) values (new.agent_id) on conflict do nothing;
        return new;
      end
    $$`,
    `create trigger agents_begin_health after insert on agents
      for each row execute function begin_agent_health()`,
    `create index if not exists agents_by_practice on agents (practice_id)`,
    `create index if not exists sites_by_practice on sites (practice_id)`,
    `create table agent_events (
      event_id bigint generated always as identity primary key,
      agent_id text not null references agents on delete cascade,
      at timestamptz not null,
      kind text not null,
      state text,
      cause text,
      actor_ref text
    )`,
    `create index agent_events_by_agent on agent_events (agent_id, event_id desc)`,
    `create index agent_events_by_age on agent_events (at)`,
    `create table fleet_views (
      view_id text primary key,
      person_id text not null references people on delete cascade,
      name text not null,
      filter jsonb not null,
      created_at timestamptz not null default now(),
      unique (person_id, name)
    )`,
    `create table site_hours (
      site_id text primary key references sites on delete cascade,
      time_zone text not null,
      windows jsonb not null,
      updated_at timestamptz not null
    )`,
    `create table alert_rules (
      rule_id text primary key,
      kind text not null unique check (kind in ${alertKinds}),
      is_on boolean not null,
      after_seconds integer not null,
      threshold integer,
      keeps_hours boolean not null,
      emails jsonb not null,
      webhook_url text,
      updated_at timestamptz not null default now()
    )`,
    `insert into alert_rules
      (rule_id, kind, is_on, after_seconds, threshold, keeps_hours, emails) values
      ('agent-unreachable', 'agent-unreachable', true, 600, null, true, '[]'),
      ('data-path-failing', 'data-path-failing', true, 300, null, true, '[]'),
      ('certificate-expiring', 'certificate-expiring', true, 0, 6, false, '[]'),
      ('clock-skewed', 'clock-skewed', true, 0, 30, false, '[]'),
      ('agent-quarantined', 'agent-quarantined', true, 0, null, false, '[]'),
      ('queue-growing', 'queue-growing', true, 900, 20, true, '[]')`,
    `create table alerts (
      alert_id text primary key,
      rule_id text not null references alert_rules,
      agent_id text not null references agents on delete cascade,
      cause text not null,
      opened_at timestamptz not null,
      closed_at timestamptz,
      times integer not null default 1
    )`,
    `create unique index alerts_once on alerts (rule_id, agent_id) where closed_at is null`,
    `create index alerts_by_age on alerts (opened_at)`,
    `create index alerts_by_agent on alerts (agent_id, opened_at)`,
    `create table alert_notices (
      notice_id text primary key,
      alert_id text not null references alerts on delete cascade,
      what text not null check (what in ('opened', 'closed')),
      channel text not null check (channel in ('mail', 'webhook')),
      target text not null,
      due_at timestamptz not null,
      attempts integer not null default 0,
      sent_at timestamptz,
      failed_at timestamptz
    )`,
    `create index alert_notices_due on alert_notices (due_at)
      where sent_at is null and failed_at is null`,
    `create index alert_notices_by_alert on alert_notices (alert_id)`,
    `create table act_requests (
      request_id text primary key,
      act text not null check (act in ('agent.revoke', 'agent.release')),
      agent_id text not null references agents on delete cascade,
      decision text not null,
      asked_by text not null,
      asked_at timestamptz not null,
      expires_at timestamptz not null,
      state text not null check (state in ('waiting', 'done', 'declined', 'withdrawn')),
      decided_by text,
      decided_at timestamptz,
      check (decided_by is null or decided_by <> asked_by or state <> 'done')
    )`,
    `create unique index act_requests_once on act_requests (agent_id) where state = 'waiting'`,
    `create index act_requests_by_age on act_requests (asked_at)`,
    `create table agent_diagnoses (
      diagnosis_id text primary key,
      agent_id text not null references agents on delete cascade,
      asked_by text not null,
      asked_at timestamptz not null,
      ended_at timestamptz,
      error_code text,
      findings jsonb
    )`,
    `create index agent_diagnoses_by_agent on agent_diagnoses (agent_id, asked_at)`,
  ],
};

/** An end of access that the practice's server has not confirmed is an alert, and its owners are told. */
export const revocationAlarm: Migration = {
  name: '0019-revocation-alarm',
  statements: [
    `alter table alert_rules drop constraint alert_rules_kind_check`,
    `alter table alert_rules add constraint alert_rules_kind_check
      check (kind in ('agent-unreachable', 'data-path-failing', 'certificate-expiring', 'clock-skewed',
        'agent-quarantined', 'queue-growing', 'revocation-unconfirmed'))`,
    `alter table alert_notices drop constraint alert_notices_channel_check`,
    `alter table alert_notices add constraint alert_notices_channel_check
      check (channel in ('mail', 'webhook', 'owner'))`,
    `insert into alert_rules
      (rule_id, kind, is_on, after_seconds, threshold, keeps_hours, emails) values
      ('revocation-unconfirmed', 'revocation-unconfirmed', true, 300, null, false, '[]')`,
    `create index grant_proposals_ending on grant_proposals (agent_id, created_at)
      where revokes and state = 'proposed'`,
  ],
};
