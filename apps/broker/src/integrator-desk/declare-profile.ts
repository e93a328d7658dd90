/** What an integrator says of itself, and every change of it: what a practice saw can be told later. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { Declaration, DeclarationField, Profile } from '#libs/console-api/integrator.js';
import type { Database, IntegratorsTable } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { purposes } from '#libs/grants/grant.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Selectable } from 'kysely';

/** Without these a practice has to decide in the dark. */
const expected = [
  'abn',
  'contactName',
  'contactEmail',
  'contactPhone',
  'website',
  'retentionDays',
  'retention',
] as const satisfies readonly DeclarationField[];

const SHOWN_CHANGES = 20;

@Injectable()
export class DeclareProfile {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async read(integratorId: string): Promise<Profile> {
    const row = await this.database
      .selectFrom('integrators')
      .selectAll()
      .where('integrator_id', '=', integratorId)
      .executeTakeFirst();
    if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const declared = declarationOf(row);
    return {
      integratorId,
      ...declared,
      missing: missingIn(declared),
      changes: await this.changes(integratorId),
      purposeChoices: purposes.map((code) => ({ code, words: purposeText(code) })),
    };
  }

  /** What is not said any more is taken away. Saying the same again changes nothing. */
  async declare(integratorId: string, personId: string, wanted: Declaration): Promise<Profile> {
    await this.database.transaction().execute(async (within) => {
      const row = await within
        .selectFrom('integrators')
        .selectAll()
        .where('integrator_id', '=', integratorId)
        .forUpdate()
        .executeTakeFirst();
      if (!row) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      const fields = changedFields(declarationOf(row), wanted);
      if (fields.length === 0) return;
      await within
        .updateTable('integrators')
        .set(columnsOf(wanted))
        .where('integrator_id', '=', integratorId)
        .execute();
      await within
        .insertInto('integrator_declarations')
        .values({
          integrator_id: integratorId,
          declared_by: personId,
          declared_at: new Date(this.clock.now()),
          fields: JSON.stringify(fields),
          declaration: JSON.stringify(wanted),
        })
        .execute();
      const record = { type: 'integrator.changed', integrator: integratorId } as const;
      await this.audit.record({ ...record, actorRef: personId }, within);
    });
    return this.read(integratorId);
  }

  private async changes(integratorId: string): Promise<Profile['changes']> {
    const rows = await this.database
      .selectFrom('integrator_declarations')
      .leftJoin('people', 'people.person_id', 'integrator_declarations.declared_by')
      .select(['declared_at', 'fields', 'people.name'])
      .where('integrator_id', '=', integratorId)
      .orderBy('declaration_id', 'desc')
      .limit(SHOWN_CHANGES)
      .execute();
    return rows.map((row) => ({
      changedAt: row.declared_at.toISOString(),
      fields: row.fields as DeclarationField[],
      ...(row.name !== null && { byName: row.name }),
    }));
  }
}

export const missingIn = (declared: Declaration): DeclarationField[] =>
  expected.filter((field) => declared[field] === undefined);

export function declarationOf(row: Selectable<IntegratorsTable>): Declaration {
  return {
    name: row.name,
    purposes: row.purposes,
    countries: row.countries,
    subprocessors: row.subprocessors,
    ...(row.abn !== null && { abn: row.abn }),
    ...(row.contact_name !== null && { contactName: row.contact_name }),
    ...(row.contact_email !== null && { contactEmail: row.contact_email }),
    ...(row.contact_phone !== null && { contactPhone: row.contact_phone }),
    ...(row.website !== null && { website: row.website }),
    ...(row.retention_days !== null && { retentionDays: row.retention_days }),
    ...(row.retention !== null && { retention: row.retention }),
  };
}

const columnsOf = (wanted: Declaration) => ({
  name: wanted.name,
  abn: wanted.abn ?? null,
  contact_name: wanted.contactName ?? null,
  contact_email: wanted.contactEmail ?? null,
  contact_phone: wanted.contactPhone ?? null,
  website: wanted.website ?? null,
  purposes: JSON.stringify(wanted.purposes),
  countries: JSON.stringify(wanted.countries),
  subprocessors: JSON.stringify(wanted.subprocessors),
  retention_days: wanted.retentionDays ?? null,
  retention: wanted.retention ?? null,
});

function changedFields(before: Declaration, after: Declaration): DeclarationField[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<DeclarationField>;
  const plain = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
  return [...fields].filter((field) => plain(before[field]) !== plain(after[field]));
}
