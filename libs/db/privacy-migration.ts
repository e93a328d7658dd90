/** The practice's privacy desk: requests of people and complaints, without anybody's name. */
import { AUDIT_READER } from '#libs/db/audit-reading-migration.js';
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

/** Read as the audit is: the database shows a practice its own register, whatever a query forgets to say. */
export const privacyReaders: Migration = {
  name: '0031-privacy-readers',
  statements: [
    `grant select on privacy_requests, privacy_steps to ${AUDIT_READER}`,
    `alter table privacy_requests enable row level security`,
    `alter table privacy_steps enable row level security`,
    `create policy privacy_requests_of_one_reader on privacy_requests
      for select to ${AUDIT_READER}
      using (
        current_setting('conduit.reader', true) = 'practice'
        and practice_id = current_setting('conduit.tenant', true)
      )`,
    // The reader's own requests: the other policy counts in here too.
    `create policy privacy_steps_of_one_reader on privacy_steps
      for select to ${AUDIT_READER}
      using (
        exists (
          select from privacy_requests
          where privacy_requests.privacy_request_id = privacy_steps.privacy_request_id
        )
      )`,
  ],
};
