import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import {
  normalisePairingCode,
  pairingCodeHmac,
  pairingCodePrefix,
} from '#apps/broker/src/grants/pairing-code.js';
import type { DueDelivery } from '#apps/broker/src/webhooks/record-webhook-events.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { AskedAccess } from '#libs/grants/grant-messages.js';
import { Clock } from '#libs/kernel/clock.js';

export const maxWrongTries = 5;

export interface PairingAttempt {
  integratorId: string;
  /** The API key it came with; for the audit record. */
  keyId: string;
  /** Sites that key may be used for; absent: any. */
  keySiteIds?: ReadonlySet<string>;
  pmsSiteId: string;
  /** Compared without case, blanks and dashes: `Best Practice` is `BestPractice`. */
  pmsName: string;
  /** As the caller wrote it. */
  code: string;
  requestId?: string;
}

export interface MadeAccessRequest {
  accessRequestId: string;
  siteId: string;
}

type Within = Transaction<Database>;
interface CodeRow {
  site_id: string;
  practice_id: string;
  catalogues: { name: string }[];
  redeemed_by: string | null;
}

const spelling = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '');

/**
 * Turns a pairing code into an access request, once. The same integrator asking again with the same
 * code gets the same request while it is open. Every other failure is PAIRING_CODE_INVALID, so that
 * an answer tells nothing about codes, sites or practices.
 */
@Injectable()
export class RedeemPairingCode {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly config: BrokerConfig,
    private readonly audit: AuditTrail,
    private readonly news: GrantNews,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError PAIRING_CODE_INVALID; KEY_SITE_FORBIDDEN for a right code of another site */
  async execute(attempt: PairingAttempt): Promise<MadeAccessRequest> {
    // A refusal is a value in here: its wrong try must be stored, not rolled back.
    const made = await this.database
      .transaction()
      .execute(
        async (within) => (await this.redeem(within, attempt)) ?? this.refuse(within, attempt),
      );
    if (!made) throw new ConduitError('PAIRING_CODE_INVALID');
    const { due, ...request } = made;
    await this.news.tell([request.siteId], due);
    return request;
  }

  private async redeem(
    within: Within,
    attempt: PairingAttempt,
  ): Promise<(MadeAccessRequest & { due: DueDelivery[] }) | undefined> {
    const code = normalisePairingCode(attempt.code);
    if (code === undefined) return undefined;
    const hmac = pairingCodeHmac(code, this.config.pairingPepper.reveal());
    const row = await this.findCode(within, hmac, attempt);
    if (!row) return undefined;
    const { site_id: siteId } = row;
    // Whoever has the right code may know that it is right. It stays unused for another key.
    if (attempt.keySiteIds?.has(siteId) === false) throw new ConduitError('KEY_SITE_FORBIDDEN');
    const open = await within
      .selectFrom('access_requests')
      .select('access_request_id')
      .where('site_id', '=', siteId)
      .where('integrator_id', '=', attempt.integratorId)
      .where('state', '=', 'pending')
      .executeTakeFirst();
    if (row.redeemed_by !== null) {
      const again = row.redeemed_by === attempt.integratorId && open;
      return again ? { accessRequestId: open.access_request_id, siteId, due: [] } : undefined;
    }
    await within
      .updateTable('pairing_codes')
      .set({ redeemed_at: new Date(this.clock.now()), redeemed_by: attempt.integratorId })
      .where('code_hmac', '=', hmac)
      .execute();
    const accessRequestId =
      open?.access_request_id ?? (await this.insertRequest(within, row, attempt));
    await this.record(within, 'pairing-code.redeemed', attempt, row);
    if (!open) await this.record(within, 'access-request.created', attempt, row);
    return { accessRequestId, siteId, due: open ? [] : await this.tellOf(within, attempt, siteId) };
  }

  private tellOf(within: Within, { integratorId }: PairingAttempt, siteId: string) {
    return this.news.record(within, { type: 'grant.requested', integratorId, siteIds: [siteId] });
  }

  /** The code's row when everything about the attempt fits it; locked until the transaction ends. */
  private async findCode(
    within: Within,
    hmac: Buffer,
    attempt: PairingAttempt,
  ): Promise<CodeRow | undefined> {
    const row = await within
      .selectFrom('pairing_codes')
      .innerJoin('sites', 'sites.site_id', 'pairing_codes.site_id')
      .select(['pairing_codes.site_id', 'sites.practice_id', 'sites.catalogues'])
      .select(['sites.pms_type', 'sites.pms_site_id', 'pairing_codes.redeemed_by'])
      .where('code_hmac', '=', hmac)
      .where('failed_attempts', '<', maxWrongTries)
      .where('expires_at', '>', new Date(this.clock.now()))
      .where('sites.status', 'in', ['initialising', 'active'])
      .forUpdate('pairing_codes')
      .executeTakeFirst();
    const fits =
      row !== undefined &&
      row.pms_site_id.toLowerCase() === attempt.pmsSiteId.trim().toLowerCase() &&
      spelling(row.pms_type) === spelling(attempt.pmsName);
    return fits ? row : undefined;
  }

  /** An integrator that names nothing more asks to read; what it gets is for the practice to say. */
  private async insertRequest(
    within: Within,
    row: CodeRow,
    attempt: PairingAttempt,
  ): Promise<string> {
    const integrator = await within
      .selectFrom('integrators')
      .select('purposes')
      .where('integrator_id', '=', attempt.integratorId)
      .executeTakeFirstOrThrow();
    const asked: AskedAccess = {
      scopes: ['sql:read'],
      catalogues: row.catalogues.map(({ name }) => name),
      purposes: integrator.purposes,
    };
    const accessRequestId = randomUUID();
    await within
      .insertInto('access_requests')
      .values({
        access_request_id: accessRequestId,
        site_id: row.site_id,
        integrator_id: attempt.integratorId,
        state: 'pending',
        asked: JSON.stringify(asked),
      })
      .execute();
    return accessRequestId;
  }

  private async refuse(within: Within, attempt: PairingAttempt): Promise<undefined> {
    const code = normalisePairingCode(attempt.code);
    if (code !== undefined) {
      await within
        .updateTable('pairing_codes')
        .set((row) => ({ failed_attempts: row('failed_attempts', '+', 1) }))
        .where('code_prefix', '=', pairingCodePrefix(code))
        .where('redeemed_at', 'is', null)
        .where('expires_at', '>', new Date(this.clock.now()))
        .execute();
    }
    await this.record(within, 'pairing-code.refused', attempt);
  }

  private record(
    within: Within,
    type: 'pairing-code.redeemed' | 'pairing-code.refused' | 'access-request.created',
    attempt: PairingAttempt,
    row?: CodeRow,
  ): Promise<void> {
    const { integratorId: integrator, keyId, requestId } = attempt;
    return this.audit.record(
      {
        type,
        integrator,
        keyId,
        ...(requestId === undefined ? {} : { requestId }),
        ...(row ? { practice: row.practice_id, site: row.site_id } : {}),
        ...(type === 'pairing-code.refused' ? { errorCode: 'PAIRING_CODE_INVALID' } : {}),
      },
      within,
    );
  }
}
