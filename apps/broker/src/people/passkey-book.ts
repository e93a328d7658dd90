/** Passkeys as the store has them: found by credential id, counted when used. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { PasskeyRules, type NewPasskey } from '#apps/broker/src/people/passkey-rules.js';
import type { PasskeysTable } from '#libs/db/people-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

export type PasskeyRow = Selectable<PasskeysTable>;

@Injectable()
export class PasskeyBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly rules: PasskeyRules,
    private readonly clock: Clock,
  ) {}

  of(personId: string): Promise<PasskeyRow[]> {
    return this.database
      .selectFrom('passkeys')
      .selectAll()
      .where('person_id', '=', personId)
      .orderBy('created_at')
      .orderBy('passkey_id')
      .execute();
  }

  /** @throws ConduitError PASSKEY_REFUSED when the credential is known already */
  async add(
    within: Transaction<Database>,
    personId: string,
    name: string,
    passkey: NewPasskey,
  ): Promise<void> {
    const added = await within
      .insertInto('passkeys')
      .values({
        passkey_id: passkey.passkeyId,
        person_id: personId,
        name,
        public_key: passkey.publicKey,
        spki: passkey.spki,
        algorithm: passkey.algorithm,
        counter: passkey.counter,
        transports: JSON.stringify(passkey.transports),
        is_synced: passkey.isSynced,
        rp_id: passkey.rpId,
        origin: passkey.origin,
        last_used_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('passkey_id')
      .executeTakeFirst();
    if (!added) throw new ConduitError('PASSKEY_REFUSED');
  }

  /**
   * Verifies an assertion against the passkey that it names and counts the use.
   * @param personId whose it has to be; absent: anybody's
   * @throws ConduitError PASSKEY_REFUSED
   */
  async prove(
    credential: AuthenticationResponseJSON,
    challenge: string,
    personId?: string,
  ): Promise<PasskeyRow> {
    const passkey = await this.database
      .selectFrom('passkeys')
      .selectAll()
      .where('passkey_id', '=', credential.id)
      .$if(personId !== undefined, (query) => query.where('person_id', '=', personId!))
      .executeTakeFirst();
    if (!passkey) throw new ConduitError('PASSKEY_REFUSED');
    this.requireHandle(credential, passkey);
    const counter = await this.rules.verifyUse(credential, challenge, passkey);
    const counted = await this.database
      .updateTable('passkeys')
      .set({ counter, last_used_at: new Date(this.clock.now()) })
      .where('passkey_id', '=', passkey.passkey_id)
      // Two uses of one authenticator at once: of a counter that counts, the second is a copy.
      .where('counter', counter === 0 ? '<=' : '<', String(counter))
      .returning('passkey_id')
      .executeTakeFirst();
    if (!counted) throw new ConduitError('PASSKEY_REFUSED');
    return passkey;
  }

  /** WebAuthn §7.2 step 6: whom the authenticator means has to be whom we mean. */
  private requireHandle({ response }: AuthenticationResponseJSON, passkey: PasskeyRow): void {
    const { userHandle } = response;
    if (userHandle === undefined || userHandle === null) return;
    const meant = Buffer.from(userHandle, 'base64url').toString('utf8');
    if (meant !== passkey.person_id) throw new ConduitError('PASSKEY_REFUSED');
  }
}
