import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { Database } from '#libs/db/schema.js';

/** Ends the session: its cookie is worth nothing from then on, whoever has a copy of it. */
@Injectable()
export class SignOut {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly sessions: SessionBook,
    private readonly audit: AuditTrail,
  ) {}

  async execute({ personId, session }: SignedInPerson): Promise<void> {
    await this.database.transaction().execute(async (within) => {
      await this.sessions.end(within, session.sessionId);
      await this.audit.record({ type: 'session.ended', actorRef: personId }, within);
    });
  }
}
