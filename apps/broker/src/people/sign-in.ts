import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Ceremonies } from '#apps/broker/src/people/ceremonies.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { StartSession, type StartedSession } from '#apps/broker/src/people/start-session.js';
import type { SignInOptions, SignInRequest } from '#libs/console-api/session.js';
import { toConduitError } from '#libs/errors/conduit-error.js';

/** Signs in with a passkey that the browser finds by itself: nobody types who they are. */
@Injectable()
export class SignIn {
  constructor(
    private readonly ceremonies: Ceremonies,
    private readonly passkeys: PasskeyBook,
    private readonly rules: PasskeyRules,
    private readonly starts: StartSession,
    private readonly audit: AuditTrail,
  ) {}

  async begin(): Promise<SignInOptions> {
    const { ceremonyId, challenge } = await this.ceremonies.begin({ kind: 'sign-in' });
    return { ceremonyId, options: await this.rules.requestOptions(challenge) };
  }

  /** @throws ConduitError CEREMONY_EXPIRED, PASSKEY_REFUSED */
  async execute(
    { ceremonyId, credential }: SignInRequest,
    before: SignedInPerson | undefined,
  ): Promise<StartedSession> {
    const { challenge } = await this.ceremonies.take('sign-in', ceremonyId);
    const passkey = await this.passkeys.prove(credential, challenge).catch((error: unknown) => {
      this.audit.note({ type: 'sign-in.refused', errorCode: toConduitError(error).code });
      throw error;
    });
    return this.starts.execute(passkey.person_id, 'passkey', before?.session.sessionId);
  }
}
