/** Sites that stand for no practice: both the operator and the site's own database server say so. */
import type { Migration } from '#libs/db/migrations.js';

export const sandboxSites: Migration = {
  name: '0016-sandbox-sites',
  statements: [
    // As the operator registered it; and as its agent last found its database server to be.
    `alter table sites
      add column is_sandbox boolean not null default false,
      add column serves_sandbox boolean not null default false`,
  ],
};
