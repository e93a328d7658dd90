/**
 * Letters of the privacy desk: that a clock runs out, and that a practice passed a request on. They name
 * the practice, the kind and the day; whom it is about nobody here knows.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { MailRoom, type Letter } from '#apps/broker/src/mail/mail-room.port.js';
import type { PrivacyKind } from '#libs/console-api/privacy.js';
import type { Database } from '#libs/db/schema.js';

const kindWords: Record<PrivacyKind, string> = {
  access: 'a request for access',
  correction: 'a request for correction',
  complaint: 'a complaint',
};

/** What a letter says of a request. */
export interface MailedRequest {
  practiceId: string;
  requestId: string;
  kind: PrivacyKind;
  dueOn: string;
  daysLeft: number;
}

@Injectable()
export class PrivacyMail {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly room: MailRoom,
    private readonly origin: ConsoleOrigin,
  ) {}

  /**
   * To the practice's owners and managers.
   * @returns false when a letter may yet go: then all are sent again later
   */
  async remind(request: MailedRequest): Promise<boolean> {
    const { practiceId } = request;
    const people = await this.database
      .selectFrom('person_roles')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .innerJoin('practices', 'practices.practice_id', 'person_roles.practice_id')
      .select(['email', 'practices.name'])
      .distinct()
      .where('person_roles.practice_id', '=', practiceId)
      .where('role', 'in', ['practice-owner', 'practice-manager'])
      .where('email', 'is not', null)
      .execute();
    const path = `/console/practices/${encodeURIComponent(practiceId)}/privacy/${request.requestId}`;
    const link = this.origin.link(path);
    const outcomes: string[] = [];
    for (const { email, name } of people) {
      const letter = reminder(request, name, link);
      outcomes.push(await this.room.send({ ...letter, to: email as string }));
    }
    return !outcomes.includes('later');
  }

  /** To the integrator's administrators. @returns how many were told */
  async routed(request: MailedRequest, reference: string, integratorId: string): Promise<number> {
    const people = await this.database
      .selectFrom('person_roles')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .select('email')
      .where('integrator_id', '=', integratorId)
      .where('role', '=', 'integrator-admin')
      .where('email', 'is not', null)
      .execute();
    const { name } = await this.database
      .selectFrom('practices')
      .select('name')
      .where('practice_id', '=', request.practiceId)
      .executeTakeFirstOrThrow();
    let told = 0;
    for (const { email } of people) {
      const sent = await this.room.send({
        to: email as string,
        subject: 'Conduit: a practice passes a privacy request on to you',
        text: routedText(request, name, reference),
      });
      if (sent === 'sent') told += 1;
    }
    return told;
  }
}

function reminder(
  { kind, dueOn, daysLeft }: MailedRequest,
  practiceName: string,
  link: string,
): Omit<Letter, 'to'> {
  const days = daysLeft === 1 ? '1 day is left' : `${daysLeft} days are left`;
  const isOver = daysLeft < 0;
  const time = isOver
    ? `was to be answered by ${dueOn}`
    : `has to be answered by ${dueOn}: ${days}`;
  return {
    subject: isOver ? 'Conduit: a privacy request is overdue' : 'Conduit: a privacy request is due',
    text: `${practiceName}

In your register ${kindWords[kind]} ${time}. Days on which the practice is closed count.

See what is left to do: ${link}
`,
  };
}

const routedText = (
  { kind, dueOn }: MailedRequest,
  practiceName: string,
  reference: string,
): string =>
  `${practiceName} passes ${kindWords[kind]} on to you, because it is about what your software holds.

The practice's reference: ${reference}
To be answered by: ${dueOn}

Conduit does not know whom it is about. Ask the practice, quote its reference, and do not put names or
health information into mail.
`;
