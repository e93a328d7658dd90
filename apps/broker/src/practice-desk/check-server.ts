import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AskDiagnosis } from '#apps/broker/src/fleet/ask-diagnosis.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** Whoever looks after a practice's server has its doctor try the database logins. */
@Injectable()
export class CheckServer {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly diagnoses: AskDiagnosis,
  ) {}

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for a server that is not the practice's; SITE_OFFLINE */
  async execute(practiceId: string, person: SignedInPerson, agentId: string): Promise<void> {
    const own = await this.database
      .selectFrom('agents')
      .select('agent_id')
      .where('agent_id', '=', agentId)
      .where('practice_id', '=', practiceId)
      .where('state', '=', 'active')
      .executeTakeFirst();
    if (!own) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
    await this.diagnoses.execute(person, agentId, 'practice');
  }
}
