/**
 * What a practice's owners are told by mail, because it is theirs to mend: that their server has not
 * confirmed an end of access, and what to do there. It names the practice and its sites, no software
 * and nobody.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { toUtc, type AlertWord, type NoticeOutcome } from '#apps/broker/src/fleet/alert-words.js';
import { MailRoom } from '#apps/broker/src/mail/mail-room.port.js';
import type { Database } from '#libs/db/schema.js';

interface ServerOfPractice {
  practiceId: string;
  practiceName: string;
  siteNames: string[];
}

/** Owners of an agent's practice who have given an address, by personId. */
export async function ownersToTell(store: Kysely<Database>, agentId: string): Promise<string[]> {
  const rows = await store
    .selectFrom('agents')
    .innerJoin('person_roles', 'person_roles.practice_id', 'agents.practice_id')
    .innerJoin('people', 'people.person_id', 'person_roles.person_id')
    .select('people.person_id')
    .where('agent_id', '=', agentId)
    .where('role', '=', 'practice-owner')
    .where('email', 'is not', null)
    .execute();
  return rows.map((row) => row.person_id);
}

@Injectable()
export class OwnerMail {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly room: MailRoom,
    private readonly origin: ConsoleOrigin,
  ) {}

  /** Whoever is an owner no more is told nothing. */
  async send(personId: string, word: AlertWord): Promise<NoticeOutcome> {
    const found = await this.database
      .selectFrom('agents')
      .innerJoin('practices', 'practices.practice_id', 'agents.practice_id')
      .innerJoin('person_roles', 'person_roles.practice_id', 'agents.practice_id')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .select(['practices.practice_id', 'practices.name', 'email'])
      .where('agent_id', '=', word.agentId)
      .where('people.person_id', '=', personId)
      .where('role', '=', 'practice-owner')
      .executeTakeFirst();
    if (!found?.email) return 'never';
    const sites = await this.database
      .selectFrom('sites')
      .select('name')
      .where('agent_id', '=', word.agentId)
      .orderBy('name')
      .execute();
    const server = {
      practiceId: found.practice_id,
      practiceName: found.name,
      siteNames: sites.map(({ name }) => name),
    };
    const link = this.origin.link(`/console/practices/${encodeURIComponent(server.practiceId)}`);
    return this.room.send({ to: found.email, ...letterOf(word, server, link) });
  }
}

/** @param link to the practice's first page */
function letterOf(
  { what, openedAt }: AlertWord,
  { practiceName, siteNames }: ServerOfPractice,
  link: string,
): { subject: string; text: string } {
  const about = `${practiceName}, ${siteNames.join(', ')}`;
  if (what === 'closed') {
    return {
      subject: 'Conduit: the end of access is confirmed',
      text: `${about}\n\nThe practice’s server has confirmed the end of access. Nothing is left to do.\n`,
    };
  }
  const text = `${about}

Somebody at your practice ended the access of some software, and since then Conduit lets nothing of
it through. At ${toUtc(openedAt)} the practice’s server had not confirmed that for five minutes: it is
most likely switched off or not connected.

What to do on the server:

1. Switch it on and see that its internet connection works. It then confirms by itself.
2. If that is not possible, or you are not sure: type

     conduit-agent pause

   It stops everything there at once and needs no connection. "conduit-agent resume" ends it.

Which access it is: ${link}
`;
  return { subject: 'Conduit: your server has not confirmed the end of access', text };
}
