/**
 * A passkey's word for exactly one action: the person sees it, the authenticator signs its digest,
 * and the act goes on only when the server, from the call's own fields, comes to the same text.
 * Once, within five minutes, in the session that asked.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { setSessionCookie } from '#apps/broker/src/access/session-cookie.js';
import { replyTo, type SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { PasskeyBook } from '#apps/broker/src/people/passkey-book.js';
import { PasskeyRules } from '#apps/broker/src/people/passkey-rules.js';
import { StepUpRecord } from '#apps/broker/src/people/step-up-record.js';
import type { ActionText, BegunStepUp, StepUp } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';

export const STEP_UP_MS = 300_000;

/** What the authenticator signs: SHA-256("conduit-action-v1" ‖ canonical action), base64url. */
export const actionChallenge = (action: string): string =>
  createHash('sha256').update('conduit-action-v1').update(action, 'utf8').digest('base64url');

const MAX_ACTION_CHARACTERS = 16_384;

@Injectable()
export class StepUps {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly passkeys: PasskeyBook,
    private readonly rules: PasskeyRules,
    private readonly sessions: SessionBook,
    private readonly record: StepUpRecord,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED for a person without a passkey; REQUEST_INVALID */
  async begin(person: SignedInPerson, asked: ActionText): Promise<BegunStepUp> {
    const passkeys = await this.passkeys.of(person.personId);
    if (passkeys.length === 0) {
      throw new ConduitError('STEP_UP_REFUSED', { facts: { reason: 'no-passkey' } });
    }
    const stepUpId = randomUUID();
    const nowMs = this.record.clock.now();
    const at = new Date(nowMs).toISOString();
    const action = actionText(asked, { personId: person.personId, at, stepUpId });
    if (action.length > MAX_ACTION_CHARACTERS) {
      throw new ConduitError('REQUEST_INVALID', {
        facts: { field: 'action', problem: 'is too long' },
      });
    }
    const expiresAt = new Date(nowMs + STEP_UP_MS);
    await this.database
      .insertInto('step_ups')
      .values({
        step_up_id: stepUpId,
        person_id: person.personId,
        session_id: person.session.sessionId,
        action,
        expires_at: expiresAt,
      })
      .execute();
    const options = await this.rules.requestOptions(
      actionChallenge(action),
      passkeys.map((one) => ({ id: one.passkey_id, transports: one.transports })),
    );
    return { stepUpId, action, options, expiresAt: expiresAt.toISOString() };
  }

  /**
   * Call it before the act's own transaction: the step-up is used up whatever becomes of the act, and
   * the embedded database has one session.
   * @param expected the action as the server makes it out of the call's own fields, without
   *   `personId`, `at` and `stepUpId`; fields that are undefined do not count
   * @returns the canonical text that was signed, for a record that needs it
   * @throws ConduitError STEP_UP_REFUSED
   */
  async require(
    person: SignedInPerson,
    expected: ActionText,
    stepUp: StepUp | undefined,
  ): Promise<string> {
    if (!stepUp) return this.record.refuse(person, 'missing');
    const row = await this.take(person, stepUp.stepUpId);
    if (!row) return this.record.refuse(person, 'expired');
    const { at } = JSON.parse(row.action) as { at: string };
    const { personId } = person;
    const meant = actionText(expected, { personId, at, stepUpId: stepUp.stepUpId });
    if (meant !== row.action) return this.record.refuse(person, 'other-action');
    try {
      await this.passkeys.prove(stepUp.credential, actionChallenge(row.action), personId);
    } catch (error) {
      if (toConduitError(error).code !== 'PASSKEY_REFUSED') throw error;
      return this.record.refuse(person, 'passkey');
    }
    await this.changeToken(person);
    return row.action;
  }

  private async take(
    { personId, session }: SignedInPerson,
    stepUpId: string,
  ): Promise<{ action: string } | undefined> {
    const row = await this.database
      .deleteFrom('step_ups')
      .where('step_up_id', '=', stepUpId)
      .where('person_id', '=', personId)
      .where('session_id', '=', session.sessionId)
      .returning(['action', 'expires_at'])
      .executeTakeFirst();
    return row && row.expires_at.getTime() > this.record.clock.now() ? row : undefined;
  }

  /** Whoever has a copy of the session's token cannot step up, and is out once its owner does. */
  private async changeToken(person: SignedInPerson): Promise<void> {
    const reply = replyTo(person);
    if (!reply) return;
    setSessionCookie(reply, await this.sessions.changeToken(person.session.sessionId));
  }
}

/** The server's own fields last: a caller cannot choose them. */
function actionText(
  asked: ActionText,
  own: { personId: string; at: string; stepUpId: string },
): string {
  return canonicalJson(JSON.parse(JSON.stringify({ ...asked, ...own })));
}
