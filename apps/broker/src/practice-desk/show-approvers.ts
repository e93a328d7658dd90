import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { PracticeBook, type SiteOfPractice } from '#apps/broker/src/practice-desk/practice-book.js';
import type { Approvers } from '#libs/console-api/practice.js';
import type { Database } from '#libs/db/schema.js';

/** Whose passkeys can approve, in which six words, and which of the practice's servers accept them. */
@Injectable()
export class ShowApprovers {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly offered: OfferedApprovers,
    private readonly book: PracticeBook,
  ) {}

  async execute(practiceId: string, ownId: string): Promise<Approvers> {
    const offered = await this.offered.of(practiceId);
    const names = await this.namesOf(offered.map(({ credentialId }) => credentialId));
    const servers = serversOf(await this.book.sites(practiceId));
    return {
      servers,
      approvers: offered.map(({ personId, credentialId, words, agents }) => ({
        passkeyId: credentialId,
        personId,
        personName: names.get(credentialId)?.person ?? '',
        passkeyName: names.get(credentialId)?.passkey ?? '',
        sixWords: words,
        isOwn: personId === ownId,
        admitted: agents.flatMap(({ agentId, admittedAt: at }) => {
          const server = servers.find((one) => one.agentId === agentId);
          return at === undefined ? [] : [{ agentId, at, siteNames: server?.siteNames ?? [] }];
        }),
      })),
    };
  }

  private async namesOf(
    credentialIds: readonly string[],
  ): Promise<Map<string, { person: string; passkey: string }>> {
    const rows = await this.database
      .selectFrom('passkeys')
      .innerJoin('people', 'people.person_id', 'passkeys.person_id')
      .select(['passkey_id', 'passkeys.name as passkey', 'people.name as person'])
      .where('passkey_id', 'in', ['', ...credentialIds])
      .execute();
    return new Map(rows.map(({ passkey_id: id, ...names }) => [id, names]));
  }
}

function serversOf(sites: readonly SiteOfPractice[]): Approvers['servers'] {
  const ids = [...new Set(sites.map(({ agentId }) => agentId).filter((id) => id !== undefined))];
  return ids.map((agentId) => {
    const own = sites.filter((site) => site.agentId === agentId);
    return {
      agentId,
      siteNames: own.map(({ name }) => name),
      isOnline: own.some(({ availability }) => availability === 'online'),
    };
  });
}
