import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { Session } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';
import { sessionView } from '#apps/broker/src/people/session-view.js';

export interface StartedSession {
  /** For the cookie, and nowhere else. */
  token: Secret;
  session: Session;
}

/** Begins sessions; one that the browser already had ends, so that its token is worth nothing. */
@Injectable()
export class StartSession {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly sessions: SessionBook,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param before the session that the browser had
   * @param first what has to happen in the same transaction
   */
  async execute(
    personId: string,
    signedInWith: 'passkey' | 'oidc',
    before?: string,
    first?: (within: Transaction<Database>) => Promise<void>,
  ): Promise<StartedSession> {
    const token = await this.database.transaction().execute(async (within) => {
      await first?.(within);
      if (before !== undefined) await this.sessions.end(within, before);
      await this.audit.record(
        { type: 'session.started', actorRef: personId, reason: signedInWith },
        within,
      );
      return this.sessions.start(within, personId, signedInWith);
    });
    const person = await this.sessions.find(token);
    if (!person) throw new ConduitError('SESSION_MISSING');
    return { token, session: sessionView(person) };
  }
}
