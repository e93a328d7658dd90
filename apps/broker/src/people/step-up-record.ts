import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export type StepUpRefusal = 'missing' | 'expired' | 'other-action' | 'passkey';

/** Refuses a step-up and says so in the audit trail: an attempt at a stolen session looks like this. */
@Injectable()
export class StepUpRecord {
  constructor(
    private readonly audit: AuditTrail,
    readonly clock: Clock,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED, always */
  refuse({ personId }: SignedInPerson, reason: StepUpRefusal): never {
    this.audit.note({
      type: 'step-up.refused',
      actorRef: personId,
      errorCode: 'STEP_UP_REFUSED',
      reason,
    });
    throw new ConduitError('STEP_UP_REFUSED', { facts: { reason } });
  }
}
