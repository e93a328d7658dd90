import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { FindDestroyed } from '#apps/broker/src/proofs/find-destroyed.js';
import { isOwn, scopeOf, type ProofTenant } from '#apps/broker/src/proofs/proof-tenant.js';
import type { StoredRecord } from '#apps/broker/src/proofs/show-proof.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const NUMBER = /^\d{1,18}$/;

/** The record behind a line of activity, to whom the line is shown. */
@Injectable()
export class FindEntry {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly destroyed: FindDestroyed,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND also for a record of somebody else; RECORD_DESTROYED */
  async execute(tenant: ProofTenant, seq: string): Promise<StoredRecord> {
    const found = NUMBER.test(seq)
      ? await readAudit(this.database, scopeOf(tenant), (within) =>
          within
            .selectFrom('audit_records')
            .leftJoin('audit_leaves', 'audit_leaves.seq', 'audit_records.seq')
            .select((eb) => [
              'audit_records.seq',
              'recorded_at as recordedAt',
              'record',
              eb.fn.coalesce('audit_records.leaf_index', 'audit_leaves.leaf_index').as('leaf'),
            ])
            .where('audit_records.seq', '=', seq)
            .executeTakeFirst(),
        )
      : undefined;
    if (!found && NUMBER.test(seq) && (await this.destroyed.isGone(tenant, seq)))
      throw new ConduitError('RECORD_DESTROYED');
    if (!found || !isOwn(tenant, JSON.parse(found.record) as AuditRecord))
      throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    return found;
  }
}
