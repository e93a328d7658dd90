/**
 * Which agent had a site when: a server that is enrolled anew is another agent, and answers for nothing that ran
 * before. What is known of sites of before is who has them, since that agent is there.
 */
import type { Migration } from '#libs/db/migrations.js';

export const siteHolders: Migration = {
  name: '0046-site-holders',
  statements: [
    `create table site_holders (
      site_id text not null references sites on delete cascade,
      agent_id text not null references agents on delete cascade,
      since timestamptz not null,
      primary key (site_id, agent_id)
    )`,
    `insert into site_holders (site_id, agent_id, since)
      select site_id, agent_id, agents.created_at from sites join agents using (agent_id)`,
  ],
};
