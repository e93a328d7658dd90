/**
 * What is left of records that were destroyed by the retention schedule: that they were, when, by which rule, and
 * the numbers of their leaves. Of one tenant alone: the database sees to that too.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { scopeOf, type ProofTenant } from '#apps/broker/src/proofs/proof-tenant.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';

/** What is asked has its record within so long, or hardly ever. */
const ANSWERED_MS = 86_400_000;

/** One act, with the first of its leaves. */
export interface DestroyedRecords {
  id: string;
  rule: string;
  at: Date;
  oldest: Date;
  newest: Date;
  records: number;
  leaves: number[];
}

@Injectable()
export class FindDestroyed {
  constructor(private readonly database: Kysely<Database>) {}

  /** Acts whose records are of that time, at least some; leaves as far as there is room. */
  async within(
    tenant: ProofTenant,
    from: number,
    to: number,
    mostLeaves: number,
  ): Promise<DestroyedRecords[]> {
    return readAudit(this.database, scopeOf(tenant), async (within) => {
      const acts = await within
        .selectFrom('retention_register')
        .selectAll()
        .where('kind', '=', 'audit-record')
        .where('newest', '>=', new Date(from))
        .where('oldest', '<', new Date(to))
        .orderBy('destroyed_at')
        .orderBy('oldest')
        .limit(mostLeaves)
        .execute();
      const found: DestroyedRecords[] = [];
      let left = mostLeaves;
      for (const act of acts) {
        const leaves =
          left > 0
            ? await within
                .selectFrom('audit_destroyed')
                .select('leaf_index')
                .where('destruction_id', '=', act.destruction_id)
                .orderBy('leaf_index')
                .limit(left)
                .execute()
            : [];
        left -= leaves.length;
        found.push({
          ...{ id: act.destruction_id, rule: `${act.kind}/${act.rule_version}` },
          ...{ at: act.destroyed_at, oldest: act.oldest, newest: act.newest },
          ...{ records: Number(act.records), leaves: leaves.map((row) => Number(row.leaf_index)) },
        });
      }
      return found;
    });
  }

  /** Whether a record of the tenant's, by its number, is gone by the schedule. */
  async isGone(tenant: ProofTenant, seq: string): Promise<boolean> {
    const found = await readAudit(this.database, scopeOf(tenant), (within) =>
      within
        .selectFrom('audit_leaves')
        .innerJoin('audit_destroyed', 'audit_destroyed.leaf_index', 'audit_leaves.leaf_index')
        .innerJoin('retention_register as entry', (join) =>
          join.onRef('entry.destruction_id', '=', 'audit_destroyed.destruction_id'),
        )
        .select('entry.destruction_id')
        .where('audit_leaves.seq', '=', seq)
        .executeTakeFirst(),
    );
    return found !== undefined;
  }

  /** Whether records of the tenant's are gone that may be of what was asked at that moment. */
  async covers(tenant: ProofTenant, atMs: number): Promise<boolean> {
    const [act] = await this.within(tenant, atMs, atMs + ANSWERED_MS, 1);
    return act !== undefined;
  }
}
