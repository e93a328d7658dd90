/** What integrators declare of themselves, and what they declared before; keys that have no secret. */
import type { Migration } from '#libs/db/migrations.js';

export const integratorDesk: Migration = {
  name: '0014-integrator-desk',
  statements: [
    `alter table integrators
      add column contact_name text,
      add column contact_phone text,
      add column website text,
      add column subprocessors jsonb not null default '[]',
      add column retention_days integer check (retention_days >= 0),
      add column retention text`,
    // A practice that approved last year can be told what was declared then.
    `create table integrator_declarations (
      declaration_id bigint generated always as identity primary key,
      integrator_id text not null references integrators,
      declared_by text not null,
      declared_at timestamptz not null,
      fields jsonb not null,
      declaration jsonb not null
    )`,
    `create index integrator_declarations_by_integrator
      on integrator_declarations (integrator_id, declaration_id desc)`,
    // An OAuth client is a key that proves itself by a signature of its own: no secret, public keys.
    `alter table api_keys alter column secret_hmac drop not null`,
    `alter table api_keys add column jwks jsonb`,
    `alter table api_keys add constraint api_keys_one_proof
      check ((secret_hmac is null) <> (jwks is null))`,
    // Each assertion once, for as long as it would be good.
    `create table used_assertions (
      key_id text not null,
      jti_sha256 bytea not null,
      good_until timestamptz not null,
      primary key (key_id, jti_sha256)
    )`,
    `create index used_assertions_by_age on used_assertions (good_until)`,
  ],
};
