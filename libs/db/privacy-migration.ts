/** The practice's privacy desk: requests of people and complaints, without anybody's name. */
import type { Migration } from '#libs/db/migrations.js';

export const privacyDesk: Migration = {
  name: '0026-privacy-desk',
  statements: [
    `create table privacy_requests (
      privacy_request_id text primary key,
      practice_id text not null references practices,
      kind text not null check (kind in ('access', 'correction', 'complaint')),
      reference text not null,
      received_on text not null,
      due_on text not null,
      identity text,
      integrator_id text references integrators,
      outcome text,
      grounds jsonb not null default '[]',
      ended_at timestamptz,
      reminded smallint not null default 0,
      created_at timestamptz not null
    )`,
    `create index privacy_requests_by_practice on privacy_requests (practice_id, ended_at)`,
    `create index privacy_requests_open on privacy_requests (due_on) where ended_at is null`,
    `create table privacy_steps (
      privacy_step_id bigint generated always as identity primary key,
      privacy_request_id text not null references privacy_requests on delete cascade,
      at timestamptz not null,
      kind text not null,
      person_id text not null,
      word text,
      grounds jsonb not null default '[]',
      note text
    )`,
    `create index privacy_steps_by_request on privacy_steps (privacy_request_id, privacy_step_id)`,
  ],
};
