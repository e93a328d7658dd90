import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { RegisteredSite } from '#libs/contracts/enrolment.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';
import { Authority } from '#libs/pki/authority.js';
import { deriveCodeKey, makeEnrolmentCode, writeEnrolmentCode } from '#libs/pki/enrolment-code.js';
import { rawPublicKey } from '#libs/pki/keys.js';

export const enrolmentCodeLifeMs = 3_600_000;

export interface EnrolmentCodeOrder {
  practiceId: string;
  /** What the agent will serve; its rows in `sites` are made when the code is redeemed. */
  sites: RegisteredSite[];
  /** Who ordered it; for the audit record. */
  actorRef?: string;
}

export interface CreatedEnrolmentCode {
  codeId: string;
  /** To be shown once. */
  code: Secret;
  expiresAt: Date;
}

/** Makes a one-time code for one practice. Only the public half of its key is stored. */
@Injectable()
export class CreateEnrolmentCode {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly authority: Authority,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REQUEST_INVALID when a site already belongs to another practice */
  async execute(order: EnrolmentCodeOrder): Promise<CreatedEnrolmentCode> {
    const code = makeEnrolmentCode(this.authority.pin);
    const expiresAt = new Date(this.clock.now() + enrolmentCodeLifeMs);
    await this.database.transaction().execute(async (within) => {
      const siteIds = order.sites.map((site) => site.siteId);
      const foreign = await within
        .selectFrom('sites')
        .select('site_id')
        .where('site_id', 'in', ['', ...siteIds])
        .where('practice_id', '!=', order.practiceId)
        .executeTakeFirst();
      if (foreign) {
        const facts = { field: 'sites', problem: 'a site belongs to another practice' };
        throw new ConduitError('REQUEST_INVALID', { facts });
      }
      await within
        .insertInto('enrolment_codes')
        .values({
          code_id: code.codeId,
          practice_id: order.practiceId,
          public_key: rawPublicKey(deriveCodeKey(code).publicKey),
          sites: JSON.stringify(order.sites),
          expires_at: expiresAt,
        })
        .execute();
      const actor = order.actorRef === undefined ? {} : { actorRef: order.actorRef };
      const record = { type: 'enrolment-code.created', practice: order.practiceId } as const;
      await this.audit.record({ ...record, ...actor }, within);
    });
    return { codeId: code.codeId, code: new Secret(writeEnrolmentCode(code)), expiresAt };
  }
}
