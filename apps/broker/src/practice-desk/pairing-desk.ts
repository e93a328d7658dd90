import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { PracticeBook } from '#apps/broker/src/practice-desk/practice-book.js';
import type { MadePairingCode, WaitingPairingCode } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Pairing codes of a practice's sites: made and shown once; those that wait are known by how they begin. */
@Injectable()
export class PairingDesk {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly book: PracticeBook,
    private readonly create: CreatePairingCode,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a site that is not the practice's */
  async make(
    practiceId: string,
    siteId: string,
    { personId }: SignedInPerson,
  ): Promise<MadePairingCode> {
    const site = await this.book.site(practiceId, siteId);
    if (site.agentId === undefined) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    const peer = { agentId: site.agentId, practiceId };
    const { code, expiresAt } = await this.create.execute(peer, siteId, personId);
    const { name: siteName, pmsName, pmsSiteId } = site;
    return { code, siteId, siteName, pmsName, pmsSiteId, expiresAt };
  }

  /** Newest first. @throws ConduitError CONSOLE_ENTRY_NOT_FOUND */
  async waiting(practiceId: string, siteId: string): Promise<WaitingPairingCode[]> {
    await this.book.site(practiceId, siteId);
    const rows = await this.database
      .selectFrom('pairing_codes')
      .select(['code_prefix', 'created_at', 'expires_at'])
      .where('site_id', '=', siteId)
      .where('redeemed_at', 'is', null)
      .where('expires_at', '>', new Date(this.clock.now()))
      .orderBy('created_at', 'desc')
      .execute();
    return rows.map((row) => ({
      begins: row.code_prefix,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
    }));
  }
}
