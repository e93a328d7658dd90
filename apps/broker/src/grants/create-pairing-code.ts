import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';

import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { requireOwnSites, type SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import {
  makePairingCode,
  normalisePairingCode,
  pairingCodeHmac,
  pairingCodePrefix,
} from '#apps/broker/src/grants/pairing-code.js';
import type { Database } from '#libs/db/schema.js';
import type { CreatedPairingCode } from '#libs/grants/grant-messages.js';
import { Clock } from '#libs/kernel/clock.js';

const pairingCodeLifeMs = 7 * 86_400_000;

/** Codes of one site that wait for their integrator; a further one takes the oldest one's place. */
export const OPEN_CODES_OF_SITE = 10;

/** Makes a pairing code for one of the agent's sites. The code itself is answered once and not kept. */
@Injectable()
export class CreatePairingCode {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly config: BrokerConfig,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @param personId who asked for it in the console; absent: somebody on the server
   * @throws ConduitError SITE_NOT_FOUND when the site is not the agent's
   */
  async execute(
    peer: SpeakingAgent,
    siteId: string,
    personId?: string,
  ): Promise<CreatedPairingCode> {
    const code = makePairingCode();
    const plain = normalisePairingCode(code) as string;
    const expiresAt = new Date(this.clock.now() + pairingCodeLifeMs);
    await this.database.transaction().execute(async (within) => {
      await requireOwnSites(within, peer, [siteId]);
      await this.makeRoom(within, siteId);
      await within
        .insertInto('pairing_codes')
        .values({
          code_hmac: pairingCodeHmac(plain, this.config.pairingPepper.reveal()),
          code_prefix: pairingCodePrefix(plain),
          site_id: siteId,
          expires_at: expiresAt,
        })
        .execute();
      await this.audit.record(
        {
          type: 'pairing-code.created',
          practice: peer.practiceId,
          site: siteId,
          agent: peer.agentId,
          ...(personId !== undefined && { actorRef: personId }),
        },
        within,
      );
    });
    return { code, siteId, expiresAt: expiresAt.toISOString() };
  }

  /** Also forgets what expired unused. */
  private async makeRoom(within: Transaction<Database>, siteId: string): Promise<void> {
    const unused = await within
      .selectFrom('pairing_codes')
      .select(['code_hmac', 'expires_at'])
      .where('site_id', '=', siteId)
      .where('redeemed_at', 'is', null)
      .orderBy('expires_at', 'desc')
      .forUpdate()
      .execute();
    const nowMs = this.clock.now();
    const gone = unused.filter(
      ({ expires_at }, age) => age >= OPEN_CODES_OF_SITE - 1 || expires_at.getTime() <= nowMs,
    );
    if (gone.length === 0) return;
    await within
      .deleteFrom('pairing_codes')
      .where(
        'code_hmac',
        'in',
        gone.map((row) => row.code_hmac),
      )
      .execute();
  }
}
