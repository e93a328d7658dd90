/**
 * Sessions of people. The store has the SHA-256 of each token and nothing that signs in; a session
 * ends by itself when idle, in any case at its end, and at once when its row goes. Roles are read
 * with every request: one that was taken away stops at the next.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { heldRoles } from '#apps/broker/src/access/held-roles.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { operatorRoles } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { Secret } from '#libs/kernel/secret.js';

const MINUTE_MS = 60_000;

export const sessionLimits = {
  usual: { idleMs: 30 * MINUTE_MS, lifeMs: 12 * 60 * MINUTE_MS },
  /** Of whoever holds a role of the operator. */
  operator: { idleMs: 15 * MINUTE_MS, lifeMs: 8 * 60 * MINUTE_MS },
  /** The idle time is put off at most so often: most requests write nothing. */
  touchMs: MINUTE_MS,
  /** The token before a change of tokens still serves requests that were under way. */
  overlapMs: 10_000,
} as const;

const TOKEN_BYTES = 32;

const hashOf = (token: Secret): Buffer => createHash('sha256').update(token.reveal()).digest();
const newToken = (): Secret => new Secret(randomBytes(TOKEN_BYTES).toString('base64url'));

@Injectable()
export class SessionBook {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** @returns the token for the cookie; it is kept nowhere */
  async start(
    within: Transaction<Database>,
    personId: string,
    signedInWith: 'passkey' | 'oidc',
  ): Promise<Secret> {
    const nowMs = this.clock.now();
    const roles = await heldRoles(within, personId, nowMs);
    const isOperator = roles.some(({ role }) =>
      (operatorRoles as readonly string[]).includes(role),
    );
    const { idleMs, lifeMs } = isOperator ? sessionLimits.operator : sessionLimits.usual;
    const token = newToken();
    await within
      .insertInto('sessions')
      .values({
        session_id: randomUUID(),
        token_hash: hashOf(token),
        person_id: personId,
        signed_in_with: signedInWith,
        idle_seconds: idleMs / 1_000,
        started_at: new Date(nowMs),
        idle_until: new Date(nowMs + idleMs),
        ends_at: new Date(nowMs + lifeMs),
      })
      .execute();
    return token;
  }

  /**
   * @param isAttended false: a page asked by itself, which puts the end of an idle session off for nobody
   * @returns undefined for a token that never was, was signed out, or whose session is over
   */
  async find(token: Secret, isAttended = true): Promise<SignedInPerson | undefined> {
    const hash = hashOf(token);
    const nowMs = this.clock.now();
    const now = new Date(nowMs);
    const row = await this.database
      .selectFrom('sessions')
      .innerJoin('people', 'people.person_id', 'sessions.person_id')
      .selectAll('sessions')
      .select(['people.name', 'people.email'])
      .where(({ eb, or, and }) =>
        or([
          eb('token_hash', '=', hash),
          and([eb('previous_hash', '=', hash), eb('previous_until', '>', now)]),
        ]),
      )
      .where('idle_until', '>', now)
      .where('ends_at', '>', now)
      .executeTakeFirst();
    if (!row) return undefined;
    const idleUntil = isAttended ? await this.touch(row, nowMs) : row.idle_until;
    return {
      personId: row.person_id,
      name: row.name,
      ...(row.email !== null && { email: row.email }),
      roles: await heldRoles(this.database, row.person_id, nowMs),
      session: {
        sessionId: row.session_id,
        signedInWith: row.signed_in_with,
        startedAt: row.started_at,
        idleUntil,
        endsAt: row.ends_at,
      },
    };
  }

  /** A new token for the same session: whoever stole the old one is out, its owner is not. */
  async changeToken(sessionId: string): Promise<Secret> {
    const token = newToken();
    await this.database
      .updateTable('sessions')
      .set(({ ref }) => ({
        token_hash: hashOf(token),
        previous_hash: ref('token_hash'),
        previous_until: new Date(this.clock.now() + sessionLimits.overlapMs),
      }))
      .where('session_id', '=', sessionId)
      .execute();
    return token;
  }

  async end(within: Transaction<Database>, sessionId: string): Promise<void> {
    await within.deleteFrom('sessions').where('session_id', '=', sessionId).execute();
  }

  private async touch(
    row: { session_id: string; idle_seconds: number; idle_until: Date; ends_at: Date },
    nowMs: number,
  ): Promise<Date> {
    const until = new Date(Math.min(nowMs + row.idle_seconds * 1_000, row.ends_at.getTime()));
    if (until.getTime() - row.idle_until.getTime() < sessionLimits.touchMs) return row.idle_until;
    await this.database
      .updateTable('sessions')
      .set({ idle_until: until })
      .where('session_id', '=', row.session_id)
      .execute();
    return until;
  }
}
