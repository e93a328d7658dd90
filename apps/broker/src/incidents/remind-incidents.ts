import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import {
  IncidentRegister,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import { RunsJob } from '#apps/broker/src/jobs/runs-job.decorator.js';
import { MailRoom, type MailOutcome } from '#apps/broker/src/mail/mail-room.port.js';
import { daysLeft } from '#apps/broker/src/privacy-desk/privacy-clock.js';
import type { Database } from '#libs/db/schema.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';
import type { JobName } from '#libs/queue/jobs.js';

/** Days that are left at each reminder; the last comes on the first day after the clock has run out. */
const REMINDERS = [7, 3, 0, -1] as const;
const BATCH = 500;
/** Time zones span this much: nobody's seventh day is missed. */
const AHEAD_MS = 8 * 86_400_000;

/**
 * Reminds who decides that an assessment runs out. What a mail server would not take yet is sent again; a crash in
 * between may send a reminder twice, never none. Where nobody can be reached the timeline says so, once for each
 * reminder; the next is tried all the same.
 */
@RunsJob()
@Injectable()
export class RemindIncidents implements JobHandler<JobName> {
  readonly job = 'incident.remind';

  constructor(
    private readonly database: Kysely<Database>,
    private readonly register: IncidentRegister,
    private readonly room: MailRoom,
    private readonly origin: ConsoleOrigin,
  ) {}

  async execute(): Promise<void> {
    const nowMs = this.register.now().getTime();
    const due = await this.database
      .selectFrom('incidents')
      .selectAll()
      .where('state', '=', 'assessing')
      .where('drill_seed', 'is', null)
      .where('reminded', '<', REMINDERS.length)
      .where('due_on', '<=', new Date(nowMs + AHEAD_MS).toISOString().slice(0, 10))
      .orderBy('reminded')
      .orderBy('due_on')
      .limit(BATCH)
      .execute();
    for (const row of due) {
      const left = daysLeft(row.due_on, nowMs, row.time_zone);
      // One that was opened late gets the one letter that fits.
      const reached = REMINDERS.filter((days) => left <= days).length;
      if (reached <= row.reminded) continue;
      const told = await this.tell(row, left);
      if (told === 'later') continue;
      await this.database.transaction().execute(async (within) => {
        await within
          .updateTable('incidents')
          .set({ reminded: reached })
          .where('incident_id', '=', row.incident_id)
          .execute();
        const kind = told === 'somebody' ? 'reminded' : 'not-reminded';
        await this.register.note(within, row, {
          ...{ kind, type: 'incident.changed', word: String(left) },
        });
      });
    }
  }

  /** @returns `later` when a letter may yet go: then all are sent again */
  private async tell(row: IncidentRow, left: number): Promise<'somebody' | 'nobody' | 'later'> {
    const { practice_id: practiceId, incident_id: incidentId } = row;
    const people = await this.database
      .selectFrom('person_roles')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .select('email')
      .distinct()
      .where('role', '=', practiceId === null ? 'operator-security' : 'practice-owner')
      .where('practice_id', practiceId === null ? 'is' : '=', practiceId)
      .where('email', 'is not', null)
      .execute();
    const house = practiceId === null ? 'operator' : `practices/${encodeURIComponent(practiceId)}`;
    const link = this.origin.link(`/console/${house}/incidents/${incidentId}`);
    const outcomes: MailOutcome[] = [];
    for (const { email } of people)
      outcomes.push(
        await this.room.send({ to: email as string, ...letterOf(row.due_on, left, link) }),
      );
    if (outcomes.includes('later')) return 'later';
    return outcomes.includes('sent') ? 'somebody' : 'nobody';
  }
}

/** Its title is somebody's own words, and stays in the console. */
function letterOf(dueOn: string, left: number, link: string): { subject: string; text: string } {
  const days = left === 1 ? '1 day is left' : `${left} days are left`;
  const time = left < 0 ? `had to end by ${dueOn}` : `has to end by ${dueOn}: ${days}`;
  return {
    subject:
      left < 0
        ? 'Conduit: the assessment of an incident is overdue'
        : 'Conduit: the assessment of an incident runs out',
    text: `The assessment of an incident ${time}. Days on which nobody is there count.

Decide whether it has to be notified: ${link}
`,
  };
}
