import { sql, type Kysely } from 'kysely';
import { purposeText } from '#apps/broker/src/practice-desk/permission-words.js';
import type { IntegratorDeclaration } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { purposes } from '#libs/grants/grant.js';

/** What an integrator says of itself, as far as it has. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
export async function readDeclaration(
  database: Kysely<Database>,
  integratorId: string,
): Promise<IntegratorDeclaration> {
  const { rows } = await sql<{ declared: Declared }>`
    select to_jsonb(integrators) as declared from integrators
    where integrator_id = ${integratorId}`.execute(database);
  const declared = rows[0]?.declared;
  if (!declared) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  const known = purposes.filter((purpose) => declared.purposes.includes(purpose));
  return {
    integratorId,
    name: declared.name,
    purposes: known.map((code) => ({ code, words: purposeText(code) })),
    countries: declared.countries,
    subprocessors: declared.subprocessors ?? [],
    ...given('abn', declared.abn),
    ...given('contactName', declared.contact_name),
    ...given('contactEmail', declared.contact_email),
    ...given('contactPhone', declared.contact_phone),
    ...given('website', declared.website),
    ...given('retention', declared.retention),
  };
}

/** The row, whichever of these it has. */
interface Declared {
  name: string;
  abn?: string | null;
  contact_name?: string | null;
  contact_email?: string | null;
  contact_phone?: string | null;
  website?: string | null;
  purposes: string[];
  countries: string[];
  subprocessors?: IntegratorDeclaration['subprocessors'] | null;
  retention?: string | null;
}

const given = <Name extends string>(name: Name, value: string | null | undefined) =>
  (value === null || value === undefined ? {} : { [name]: value }) as Partial<Record<Name, string>>;
