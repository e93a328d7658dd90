import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { GatherExport } from '#apps/broker/src/proofs/gather-export.js';
import type { ProofTenant } from '#apps/broker/src/proofs/proof-tenant.js';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import type { ExportProofsRequest } from '#libs/console-api/proofs.js';

/** Records with their proofs as a file, to somebody who has confirmed exactly this; that it left is recorded first. */
@Injectable()
export class ExportProofs {
  constructor(
    private readonly gather: GatherExport,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED, AUDIT_UNAVAILABLE */
  async execute(
    tenant: ProofTenant,
    person: SignedInPerson,
    { from, to, stepUp }: ExportProofsRequest,
  ): Promise<string> {
    const { practiceId, integratorId } = tenant;
    const whose: Record<string, string> =
      practiceId === undefined ? { integratorId } : { practiceId };
    await this.stepUps.require(person, { type: 'proofs.export', ...whose, from, to }, stepUp);
    await this.audit.record({
      type: 'activity.exported',
      ...(practiceId !== undefined && { practice: practiceId }),
      ...(integratorId !== undefined && { integrator: integratorId }),
      actorRef: person.personId,
      reason: 'proofs',
    });
    return formatAuditExport(await this.gather.execute(tenant, Date.parse(from), Date.parse(to)));
  }
}
