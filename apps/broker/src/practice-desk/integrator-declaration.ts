import type { Kysely } from 'kysely';
import type { IntegratorDeclaration } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { purposes } from '#libs/grants/grant.js';
import { purposeText } from '#libs/grants/purpose-words.js';

/** What an integrator says of itself, as far as it has. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
export async function readDeclaration(
  database: Kysely<Database>,
  integratorId: string,
): Promise<IntegratorDeclaration> {
  const declared = await database
    .selectFrom('integrators')
    .select(['name', 'abn', 'contact_name', 'contact_email', 'contact_phone', 'website'])
    .select(['purposes', 'countries', 'subprocessors', 'retention', 'retention_days'])
    .where('integrator_id', '=', integratorId)
    .executeTakeFirst();
  if (!declared) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  const known = purposes.filter((purpose) => declared.purposes.includes(purpose));
  return {
    integratorId,
    name: declared.name,
    purposes: known.map((code) => ({ code, words: purposeText(code) })),
    countries: declared.countries,
    subprocessors: declared.subprocessors,
    ...given('abn', declared.abn),
    ...given('contactName', declared.contact_name),
    ...given('contactEmail', declared.contact_email),
    ...given('contactPhone', declared.contact_phone),
    ...given('website', declared.website),
    ...given('retention', retentionOf(declared)),
  };
}

interface Retention {
  retention: string | null;
  retention_days: number | null;
}

/** Days and words, as far as either was said. */
function retentionOf({ retention, retention_days: days }: Retention): string | null {
  if (days === null) return retention;
  const counted = days === 1 ? '1 day' : `${days.toLocaleString('en-AU')} days`;
  return retention === null ? counted : `${counted}: ${retention}`;
}

const given = <Name extends string>(name: Name, value: string | null) =>
  (value === null ? {} : { [name]: value }) as Partial<Record<Name, string>>;
