/**
 * Approvals by passkey: documents that wait for the practice's server, and what that server says
 * counts there. A person is named by id alone.
 */
import type { Migration } from '#libs/db/migrations.js';

export const approvals: Migration = {
  name: '0010-approvals',
  statements: [
    `create table agent_rules (
      agent_id text primary key references agents,
      signed jsonb not null,
      updated_at timestamptz not null
    )`,
    `create table grant_proposals (
      grant_id text not null,
      seq integer not null,
      practice_id text not null references practices,
      agent_id text not null references agents,
      integrator_id text not null references integrators,
      site_ids jsonb not null,
      person_id text not null,
      revokes boolean not null,
      signed jsonb not null,
      state text not null check (state in ('proposed', 'refused', 'replaced', 'taken')),
      refused_code text,
      refused_reason text,
      created_at timestamptz not null,
      decided_at timestamptz,
      primary key (grant_id, seq)
    )`,
    `create index grant_proposals_by_practice on grant_proposals (practice_id)`,
    // What is delivered, or may be again: few at any time.
    `create index grant_proposals_waiting on grant_proposals (agent_id)
      where state in ('proposed', 'refused')`,
    `create index grant_proposals_withdrawing on grant_proposals using gin (site_ids)
      where state in ('proposed', 'refused')`,
  ],
};
