import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';
import { Kysely } from 'kysely';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import type { UpdateWindowAnswer } from '#libs/grants/update-window.js';
import type { Database } from '#libs/db/schema.js';
import { LinkContext } from '#libs/link/link-context.js';

/** An agent asks when its practice lets it be updated. */
@Controller()
export class UpdateWindowController {
  constructor(private readonly database: Kysely<Database>) {}

  @MessagePattern(brokerPatterns.readUpdateWindow)
  async read(@Ctx() { peer }: LinkContext<AgentPeer>): Promise<UpdateWindowAnswer> {
    const row = await this.database
      .selectFrom('agents')
      .select('update_window')
      .where('agent_id', '=', peer.agentId)
      .executeTakeFirst();
    return row?.update_window ? { window: row.update_window } : {};
  }
}
