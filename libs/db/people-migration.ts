/**
 * The people of the console: who they are, what they may do, how they prove it. Names and mail
 * addresses are in `people` and `invitations` alone, so that they can be erased.
 */
import type { Migration } from '#libs/db/migrations.js';

export const people: Migration = {
  name: '0009-people',
  statements: [
    `create table people (
      person_id text primary key,
      name text not null,
      email text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null
    )`,
    `create table person_roles (
      person_role_id text primary key,
      person_id text not null references people on delete cascade,
      role text not null check (role in (
        'practice-owner', 'practice-manager', 'practice-auditor', 'msp-technician',
        'integrator-admin', 'integrator-developer', 'operator-support', 'operator-security')),
      practice_id text references practices,
      integrator_id text references integrators,
      expires_at timestamptz,
      invited_by text not null,
      created_at timestamptz not null default now(),
      check ((practice_id is not null)
        = (role in ('practice-owner', 'practice-manager', 'practice-auditor', 'msp-technician'))),
      check ((integrator_id is not null) = (role in ('integrator-admin', 'integrator-developer'))),
      check ((expires_at is not null) = (role = 'msp-technician'))
    )`,
    `create unique index person_roles_once on person_roles
      (person_id, role, coalesce(practice_id, ''), coalesce(integrator_id, ''))`,
    `create index person_roles_by_practice on person_roles (practice_id)`,
    `create index person_roles_by_integrator on person_roles (integrator_id)`,
    `create table passkeys (
      passkey_id text primary key,
      person_id text not null references people on delete cascade,
      name text not null,
      public_key bytea not null,
      spki bytea not null,
      algorithm integer not null check (algorithm in (-7, -8, -257)),
      counter bigint not null,
      transports jsonb not null,
      is_synced boolean not null,
      rp_id text not null,
      origin text not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz
    )`,
    `create index passkeys_by_person on passkeys (person_id)`,
    `create table sessions (
      session_id text primary key,
      token_hash bytea not null unique,
      previous_hash bytea unique,
      previous_until timestamptz,
      person_id text not null references people on delete cascade,
      signed_in_with text not null check (signed_in_with in ('passkey', 'oidc')),
      idle_seconds integer not null,
      started_at timestamptz not null,
      idle_until timestamptz not null,
      ends_at timestamptz not null
    )`,
    `create index sessions_by_person on sessions (person_id)`,
    `create table invitations (
      invitation_id text primary key,
      secret_hash bytea not null,
      role text not null,
      practice_id text references practices,
      integrator_id text references integrators,
      role_expires_at timestamptz,
      email text,
      invited_by text not null,
      failed_attempts integer not null default 0,
      expires_at timestamptz not null,
      accepted_at timestamptz,
      accepted_by text references people on delete set null,
      created_at timestamptz not null default now()
    )`,
    `create index invitations_by_practice on invitations (practice_id)`,
    `create index invitations_by_integrator on invitations (integrator_id)`,
    `create table ceremonies (
      ceremony_id text primary key,
      kind text not null check (kind in ('invitation', 'passkey', 'sign-in', 'oidc')),
      challenge text not null,
      person_id text,
      invitation_id text,
      detail jsonb,
      expires_at timestamptz not null
    )`,
    `create index ceremonies_by_end on ceremonies (expires_at)`,
    `create table step_ups (
      step_up_id text primary key,
      person_id text not null references people on delete cascade,
      session_id text not null references sessions on delete cascade,
      action text not null,
      expires_at timestamptz not null
    )`,
    `create table oidc_identities (
      issuer text not null,
      subject text not null,
      person_id text not null references people on delete cascade,
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      primary key (issuer, subject)
    )`,
    `create index oidc_identities_by_person on oidc_identities (person_id)`,
  ],
};
