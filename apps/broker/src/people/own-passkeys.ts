import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { PasskeyBook, type PasskeyRow } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import type { AddPasskeyOptions, AddPasskeyRequest, Passkey } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const MAX_PASSKEYS = 10;

/** A person's passkeys: more than one, so that a lost device is no lost access; never none. */
@Injectable()
export class OwnPasskeys {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly passkeys: PasskeyBook,
    private readonly ceremonies: Ceremonies,
    private readonly rules: PasskeyRules,
    private readonly audit: AuditTrail,
  ) {}

  async list({ personId }: SignedInPerson): Promise<Passkey[]> {
    return (await this.passkeys.of(personId)).map(passkeyView);
  }

  /** @throws ConduitError PASSKEY_LIMIT */
  async begin({ personId, name, email }: SignedInPerson): Promise<AddPasskeyOptions> {
    const existing = (await this.passkeys.of(personId)).map((one) => one.passkey_id);
    if (existing.length >= MAX_PASSKEYS) throw new ConduitError('PASSKEY_LIMIT');
    const { ceremonyId, challenge } = await this.ceremonies.begin({ kind: 'passkey', personId });
    const options = this.rules.creationOptions(challenge, personId, email ?? name, existing);
    return { ceremonyId, options: await options };
  }

  /** @throws ConduitError CEREMONY_EXPIRED, PASSKEY_REFUSED, PASSKEY_LIMIT */
  async add(
    { personId }: SignedInPerson,
    { ceremonyId, name, credential }: AddPasskeyRequest,
  ): Promise<Passkey> {
    const ceremony = await this.ceremonies.take('passkey', ceremonyId);
    if (ceremony.personId !== personId) throw new ConduitError('CEREMONY_EXPIRED');
    const passkey = await this.rules.verifyNew(credential, ceremony.challenge);
    if ((await this.passkeys.of(personId)).length >= MAX_PASSKEYS) {
      throw new ConduitError('PASSKEY_LIMIT');
    }
    await this.database.transaction().execute(async (within) => {
      await this.passkeys.add(within, personId, name, passkey);
      await this.audit.record({ type: 'passkey.added', actorRef: personId }, within);
    });
    const added = (await this.passkeys.of(personId)).find(
      (one) => one.passkey_id === passkey.passkeyId,
    );
    return passkeyView(added as PasskeyRow);
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, PASSKEY_LAST */
  async remove({ personId }: SignedInPerson, passkeyId: string): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      // Locked, all of them: two removals at once must not leave none.
      const own = await within
        .selectFrom('passkeys')
        .select('passkey_id')
        .where('person_id', '=', personId)
        .forUpdate()
        .execute();
      if (!own.some((one) => one.passkey_id === passkeyId)) {
        throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
      }
      if (own.length === 1) throw new ConduitError('PASSKEY_LAST');
      await within.deleteFrom('passkeys').where('passkey_id', '=', passkeyId).execute();
      await this.audit.record({ type: 'passkey.removed', actorRef: personId }, within);
    });
  }
}

function passkeyView(row: PasskeyRow): Passkey {
  return {
    passkeyId: row.passkey_id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at.toISOString() }),
    isSynced: row.is_synced,
    origin: row.origin,
  };
}
