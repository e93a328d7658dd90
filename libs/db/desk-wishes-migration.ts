/** What later wishes of the practice's desk keep: which request a document answers, when a server may be updated. */
import type { Migration } from '#libs/db/migrations.js';

export const deskWishes: Migration = {
  name: '0025-desk-wishes',
  statements: [
    `alter table grant_proposals add column answers jsonb`,
    `alter table agents add column update_window jsonb`,
  ],
};
