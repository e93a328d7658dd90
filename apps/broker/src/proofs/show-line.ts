/** One record with its proof, for people: its line of the activity, and a file that can be checked offline. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ActivityDesk } from '#apps/broker/src/activity/activity-desk.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { scopeOf, type ProofTenant } from '#apps/broker/src/proofs/proof-tenant.js';
import { ShowProof, type StoredRecord } from '#apps/broker/src/proofs/show-proof.js';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import { parseLogProof } from '#libs/audit/log-proof.js';
import { witnessName } from '#libs/audit/witness-request.js';
import type { RecordProof, ShownProof } from '#libs/console-api/proofs.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

@Injectable()
export class ShowLine {
  constructor(
    private readonly show: ShowProof,
    private readonly activity: ActivityDesk,
    private readonly database: Kysely<Database>,
    private readonly key: LogKey,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError RECEIPT_PENDING; AUDIT_UNAVAILABLE where it can't be recorded who looked */
  async execute(
    tenant: ProofTenant,
    person: SignedInPerson,
    stored: StoredRecord,
  ): Promise<ShownProof> {
    const { practiceId } = tenant;
    const proof = await this.show.execute(stored, practiceId);
    return {
      ...proof,
      entry: await this.activity.entry(scopeOf(tenant), person, stored),
      ...(practiceId !== undefined && { ownWitnesses: await this.own(practiceId, proof) }),
      exported: exportOf(tenant, stored, proof, this.clock.now()),
    };
  }

  private async own(practiceId: string, { witnesses }: RecordProof): Promise<number> {
    const agents = await this.database
      .selectFrom('agents')
      .select('agent_id')
      .where('practice_id', '=', practiceId)
      .execute();
    const names = agents.map(({ agent_id: agentId }) => witnessName(this.key.origin, agentId));
    return names.filter((name) => witnesses.some((key) => key.startsWith(`${name}+`))).length;
  }
}

/** Not sealed: a seal would say that the tenant has no other record of that moment. */
function exportOf(
  { practiceId, integratorId }: ProofTenant,
  { recordedAt }: StoredRecord,
  { record, index, proof, checkpoint, verifierKey, witnesses }: RecordProof,
  nowMs: number,
): string {
  const from = recordedAt.toISOString();
  const to = new Date(recordedAt.getTime() + 1).toISOString();
  const hashes = parseLogProof(proof)?.hashes ?? [];
  return formatAuditExport({
    madeAt: new Date(nowMs).toISOString(),
    scope: {
      ...(practiceId !== undefined && { practice: practiceId }),
      ...(integratorId !== undefined && { integrator: integratorId }),
      ...{ from, to },
    },
    logs: [
      { kind: 'broker', verifierKey, checkpoint, entries: [{ index, record, proof: hashes }] },
    ],
    ...(witnesses.length > 0 && { witnesses: { threshold: 1, keys: witnesses } }),
  });
}
