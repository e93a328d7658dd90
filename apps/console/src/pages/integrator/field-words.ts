import type { DeclarationField } from '#libs/console-api/integrator.js';

/** What the fields of a declaration are called. */
export const fieldWords: Record<DeclarationField, string> = {
  name: 'Legal name',
  abn: 'ABN',
  contactName: 'Contact’s name',
  contactEmail: 'Contact’s e-mail',
  contactPhone: 'Contact’s phone',
  website: 'Website',
  purposes: 'Purposes',
  countries: 'Countries',
  subprocessors: 'Subprocessors',
  retentionDays: 'Days that data is kept',
  retention: 'Retention in words',
};
