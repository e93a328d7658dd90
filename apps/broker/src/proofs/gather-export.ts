/**
 * What the audit log holds of one tenant in a time, with all that it takes to check it offline. The export
 * says itself how far it reaches: never beyond a record that is not in the log yet, nor beyond what one file
 * may hold. It is sealed, so that the broker stands by it that nothing was left out.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { FindDestroyed, type DestroyedRecords } from '#apps/broker/src/proofs/find-destroyed.js';
import { isOwn, scopeOf, type ProofTenant } from '#apps/broker/src/proofs/proof-tenant.js';
import { ProveLeaves, type CosignedHead } from '#apps/broker/src/proofs/prove-leaves.js';
import type { AuditExport, ExportedDestruction, ExportedLog } from '#libs/audit/audit-export.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { sealExport } from '#libs/audit/export-seal.js';
import { LEAF_OF_RECORD } from '#libs/db/audit-log-tables.js';
import { readAudit } from '#libs/db/read-audit.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';

export const exportProofsLimits = {
  /** About 10 MB; the rest is for the next file. */
  entries: 5_000,
  /** What was done is stored within so long, or dispatch stops. */
  settledMs: 5_000,
  earlier: 16,
};

interface Row {
  recorded_at: Date;
  record: string;
  leaf: string | null;
}

@Injectable()
export class GatherExport {
  /** A node makes one at a time: each holds all that it is of. */
  private readonly inTurn = oneByOne();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly prove: ProveLeaves,
    private readonly destroyed: FindDestroyed,
    private readonly key: LogKey,
    private readonly clock: Clock,
  ) {}

  /** @param from, to milliseconds since the Unix epoch */
  execute(tenant: ProofTenant, from: number, to: number): Promise<AuditExport> {
    return this.inTurn(() => this.gather(tenant, from, to));
  }

  private async gather(tenant: ProofTenant, from: number, to: number): Promise<AuditExport> {
    const nowMs = this.clock.now();
    const asked = Math.max(from, Math.min(to, nowMs - exportProofsLimits.settledMs));
    const { rows, until } = await this.read(tenant, from, asked);
    const leaves = rows.map(({ leaf }) => Number(leaf));
    const gone = await this.destroyed.within(tenant, from, until, exportProofsLimits.entries);
    const last = gone.reduce((most, act) => Math.max(most, ...act.leaves), leaves.at(-1) ?? 0);
    const found = await this.prove.headOver(last, tenant.practiceId);
    const head = found ?? this.prove.emptyHead();
    const { practiceId, integratorId } = tenant;
    const scope = {
      ...(practiceId !== undefined && { practice: practiceId }),
      ...(integratorId !== undefined && { integrator: integratorId }),
      ...{ from: new Date(from).toISOString(), to: new Date(until).toISOString() },
    };
    const madeAt = new Date(nowMs).toISOString();
    const { witnesses: keys } = head;
    const log = await this.logOf(tenant, rows, leaves, head);
    const destroyed = await this.whatIsLeft(gone, head.size);
    const content: AuditExport = {
      ...{ madeAt, scope },
      logs: [{ ...log, ...(destroyed.length > 0 && { destroyed }) }],
      ...(keys.length > 0 && { witnesses: { threshold: 1, keys } }),
    };
    return sealExport(content, this.key.origin, this.key.privateKey);
  }

  /** In the order of their leaves; none from `until` on, and all before. */
  private async read(
    tenant: ProofTenant,
    from: number,
    to: number,
  ): Promise<{ rows: Row[]; until: number }> {
    const { practiceId, integratorId } = tenant;
    const own =
      practiceId === undefined
        ? sql`integrator_id = ${integratorId}`
        : sql`practice_id = ${practiceId}`;
    const { rows } = await readAudit(this.database, scopeOf(tenant), (within) =>
      sql<Row>`
        select recorded_at, record, ${sql.raw(LEAF_OF_RECORD)} as leaf
        from audit_records r left join audit_leaves l using (seq)
        where ${own} and recorded_at >= ${new Date(from)} and recorded_at < ${new Date(to)}
        order by recorded_at, seq limit ${exportProofsLimits.entries + 1}`.execute(within),
    );
    const end = rows
      .find(({ leaf }, at) => leaf === null || at === exportProofsLimits.entries)
      ?.recorded_at.getTime();
    const whole = rows.filter(
      ({ recorded_at, record }) =>
        (end === undefined || recorded_at.getTime() < end) &&
        isOwn(tenant, JSON.parse(record) as AuditRecord),
    );
    return { rows: whole.sort((a, b) => Number(a.leaf) - Number(b.leaf)), until: end ?? to };
  }

  private async logOf(
    { practiceId }: ProofTenant,
    rows: readonly Row[],
    leaves: readonly number[],
    head: CosignedHead,
  ): Promise<ExportedLog> {
    const proofs = await this.prove.inclusion(leaves, head.size);
    const earlier =
      practiceId === undefined
        ? []
        : await this.prove.cosignedBefore(head.size, practiceId, exportProofsLimits.earlier);
    return {
      kind: 'broker',
      verifierKey: this.prove.verifierKey,
      checkpoint: head.checkpoint,
      entries: rows.map(({ record }, at) => ({
        ...{ index: leaves[at] as number, record, proof: proofs[at] as Buffer[] },
      })),
      ...(earlier.length > 0 && { earlier }),
    };
  }

  private async whatIsLeft(
    gone: readonly DestroyedRecords[],
    size: number,
  ): Promise<ExportedDestruction[]> {
    const left: ExportedDestruction[] = [];
    for (const { id, rule, at, oldest, newest, records, leaves } of gone) {
      const proofs = await this.prove.inclusion(leaves, size);
      const hashes = await this.prove.hashes(leaves, size);
      left.push({
        ...{ id, rule, at: at.toISOString(), records },
        ...{ from: oldest.toISOString(), to: newest.toISOString() },
        leaves: leaves.map((index, n) => ({
          ...{ index, hash: hashes[n] as Buffer, proof: proofs[n] as Buffer[] },
        })),
      });
    }
    return left;
  }
}
