import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { OidcIdentity } from '#apps/broker/src/people/oidc-provider.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Accounts of another provider, each linked to one person by that person. */
@Injectable()
export class OidcIdentities {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError OIDC_REFUSED for an account that is somebody else's already */
  async link(personId: string, { issuer, subject }: OidcIdentity): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      await within
        .insertInto('oidc_identities')
        .values({ issuer, subject, person_id: personId, last_used_at: null })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const linked = await within
        .selectFrom('oidc_identities')
        .select('person_id')
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirstOrThrow();
      if (linked.person_id !== personId) throw new ConduitError('OIDC_REFUSED');
      await this.audit.record({ type: 'identity.linked', actorRef: personId }, within);
    });
  }

  /** @returns how many there were */
  async unlink(personId: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      await within.deleteFrom('oidc_identities').where('person_id', '=', personId).execute();
      await this.audit.record({ type: 'identity.unlinked', actorRef: personId }, within);
    });
  }

  async isLinked(personId: string): Promise<boolean> {
    const row = await this.database
      .selectFrom('oidc_identities')
      .select('subject')
      .where('person_id', '=', personId)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** @throws ConduitError OIDC_IDENTITY_UNKNOWN */
  async personOf({ issuer, subject }: OidcIdentity): Promise<string> {
    const row = await this.database
      .updateTable('oidc_identities')
      .set({ last_used_at: new Date(this.clock.now()) })
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .returning('person_id')
      .executeTakeFirst();
    if (!row) throw new ConduitError('OIDC_IDENTITY_UNKNOWN');
    return row.person_id;
  }
}
