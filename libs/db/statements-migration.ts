/** Statements that practices agree to word for word, and the sites that were asked for them. */
import type { Migration } from '#libs/db/migrations.js';

export const statements: Migration = {
  name: '0015-statements',
  statements: [
    `create table submitted_statements (
      statement_id text primary key,
      integrator_id text not null references integrators,
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      name text not null,
      description text not null,
      text text not null,
      changes boolean not null,
      submitted_by text not null,
      submitted_at timestamptz not null,
      withdrawn_at timestamptz
    )`,
    // One that was asked for stays readable for the practices that were asked, also when withdrawn.
    `create unique index submitted_statements_by_text
      on submitted_statements (integrator_id, sha256) where withdrawn_at is null`,
    `create table statement_asks (
      statement_id text not null references submitted_statements,
      site_id text not null references sites,
      asked_by text not null,
      asked_at timestamptz not null,
      primary key (statement_id, site_id)
    )`,
    `create index statement_asks_by_site on statement_asks (site_id)`,
  ],
};
