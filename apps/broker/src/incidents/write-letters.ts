/**
 * The statement in its versions, and letters to everybody who is to be told. What is drafted is filled with what the
 * records say; people go over it, and say when and how it was sent: the broker sends none.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { FindFacts } from '#apps/broker/src/incidents/find-facts.js';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import {
  IncidentRegister,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import { invalid } from '#apps/broker/src/incidents/incident-scope.js';
import type {
  SentLetterRequest,
  WriteLetterRequest,
  WriteStatementRequest,
} from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { draftLetters } from '#libs/incidents/draft-letters.js';
import { draftStatement } from '#libs/incidents/draft-statement.js';
import { gapsIn } from '#libs/incidents/incident-facts.js';
import { dateThere } from '#libs/kernel/local-day.js';

type Within = Transaction<Database>;

@Injectable()
export class WriteLetters {
  constructor(
    private readonly register: IncidentRegister,
    private readonly facts: FindFacts,
  ) {}

  /** @returns its version */
  statement(at: IncidentAt, { parts }: WriteStatementRequest): Promise<number> {
    return this.register.change(at, async (within, row) => {
      const text = parts ?? draftStatement(await this.facts.of(within, row));
      const { last } = await within
        .selectFrom('incident_statements')
        .select(({ fn }) => fn.max('version').as('last'))
        .where('incident_id', '=', at.incidentId)
        .executeTakeFirstOrThrow();
      const version = ((last as number | null) ?? 0) + 1;
      const { identity, description, kinds, steps } = text;
      await within
        .insertInto('incident_statements')
        .values({
          ...{ incident_id: at.incidentId, version, at: this.register.now() },
          person_id: parts ? at.personId : null,
          parts: JSON.stringify({ identity, description, kinds, steps }),
        })
        .execute();
      await this.note(within, at, row, 'statement-written', String(version));
      return version;
    });
  }

  /** @returns how many were drafted, anew or for the first time */
  draft(at: IncidentAt): Promise<number> {
    return this.register.change(at, async (within, row) => {
      const to = {
        ...(row.practice_id !== null && { ownPracticeId: row.practice_id }),
        isNotifiable: row.state === 'eligible' || row.state === 'notified',
      };
      let drafted = 0;
      for (const letter of draftLetters(await this.facts.of(within, row), to)) {
        const { recipient, recipientId = '', recipientName, subject, text } = letter;
        const stored = await within
          .insertInto('incident_letters')
          .values({
            ...{ letter_id: randomUUID(), incident_id: at.incidentId, recipient, subject, text },
            ...{ recipient_id: recipientId, recipient_name: recipientName },
          })
          .onConflict((conflict) =>
            conflict
              .columns(['incident_id', 'recipient', 'recipient_id'])
              .doUpdateSet({ subject, text })
              .where('incident_letters.is_edited', '=', false)
              .where('incident_letters.sent_on', 'is', null),
          )
          .executeTakeFirst();
        drafted += Number(stored.numInsertedOrUpdatedRows ?? 0n);
      }
      await this.note(within, at, row, 'letters-drafted', String(drafted));
      return drafted;
    });
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND; INCIDENT_STATE for one that was sent */
  write(at: IncidentAt, letterId: string, { subject, text }: WriteLetterRequest): Promise<void> {
    return this.register.change(at, async (within, row) => {
      await this.unsent(within, at, letterId);
      await within
        .updateTable('incident_letters')
        .set({ subject, text, is_edited: true })
        .where('letter_id', '=', letterId)
        .execute();
      await this.note(within, at, row, 'letter-changed', letterId);
    });
  }

  /**
   * From then on a practice sees its own part.
   * A drill's can be marked too, to practise that: its practices are made up, and nobody sees more.
   * @throws ConduitError INCIDENT_STATE for one that was sent or has gaps; REQUEST_INVALID for a day to come
   */
  sent(at: IncidentAt, letterId: string, { sentOn, sentHow }: SentLetterRequest): Promise<void> {
    return this.register.change(at, async (within, row) => {
      const letter = await this.unsent(within, at, letterId);
      if (gapsIn(`${letter.subject}\n${letter.text}`) > 0) throw stateOf('gaps');
      if (sentOn > dateThere(this.register.now().getTime(), row.time_zone))
        throw invalid('sentOn', 'must not be in the future');
      await within
        .updateTable('incident_letters')
        .set({ sent_on: sentOn, sent_how: sentHow, sent_by: at.personId })
        .where('letter_id', '=', letterId)
        .execute();
      if (letter.recipient === 'practice') {
        await within
          .updateTable('incident_practices')
          .set({ told_at: this.register.now() })
          .where('incident_id', '=', at.incidentId)
          .where('practice_id', '=', letter.recipient_id)
          .where('told_at', 'is', null)
          .execute();
      }
      await this.note(
        within,
        at,
        row,
        'letter-sent',
        `${letter.recipient} ${letter.recipient_id}`.trim(),
      );
    });
  }

  private async unsent(within: Within, { incidentId }: IncidentAt, letterId: string) {
    const letter = await within
      .selectFrom('incident_letters')
      .selectAll()
      .where('incident_id', '=', incidentId)
      .where('letter_id', '=', letterId)
      .forUpdate()
      .executeTakeFirst();
    if (!letter) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    if (letter.sent_on !== null) throw stateOf('sent');
    return letter;
  }

  private note(
    within: Within,
    { personId }: IncidentAt,
    row: IncidentRow,
    kind: 'statement-written' | 'letters-drafted' | 'letter-changed' | 'letter-sent',
    word: string,
  ): Promise<void> {
    return this.register.note(within, row, { kind, type: 'incident.changed', personId, word });
  }
}

const stateOf = (reason: string): ConduitError =>
  new ConduitError('INCIDENT_STATE', { facts: { reason } });
