import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks, type Attachment } from '#apps/broker/src/gateway/attached-links.js';
import { SettleProposal, type WaitingProposal } from '#apps/broker/src/grants/settle-proposal.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { SignedReceipt } from '#libs/grants/grant-receipt.js';
import { Turns } from '#libs/kernel/turns.js';

const ANSWER_MS = 5_000;
const SWEEP_MS = 30_000;

/**
 * Brings what waits to the agents that are attached to this node: when it is proposed, when an agent
 * comes or says what counts there, and twice a minute, because a word between nodes can get lost.
 */
@Injectable()
export class DeliverProposals implements OnModuleInit, OnApplicationShutdown {
  private readonly turns = new Turns();
  private stopListening: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly links: AttachedLinks,
    private readonly proposals: SettleProposal,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  onModuleInit(): void {
    // Given back to whoever published: with a prompt agent, the answer is there when they ask for it.
    this.stopListening = this.broadcast.subscribe('grant.proposed', (id) => this.toAgent(id));
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    this.stopListening?.();
    clearInterval(this.timer);
  }

  /** Never rejects: what could not be brought waits. */
  toAgent(agentId: string): Promise<void> {
    return this.turns
      .take(agentId, () => this.deliver(agentId))
      .catch(() => this.log.write('store.unavailable', { what: 'grants' }));
  }

  private async sweep(): Promise<void> {
    try {
      const waitedFor = await this.proposals.agentsWaitedFor();
      const here = waitedFor.filter((agentId) => this.links.newest(agentId) !== undefined);
      await Promise.all(here.map((agentId) => this.toAgent(agentId)));
    } catch {
      this.log.write('store.unavailable', { what: 'grants' });
    }
  }

  private async deliver(agentId: string): Promise<void> {
    const attachment = this.links.newest(agentId);
    if (!attachment) return;
    for (const proposal of await this.proposals.waitingFor(agentId)) {
      if (!(await this.bring(attachment, proposal))) return;
    }
  }

  /** Whether the agent answered: otherwise the rest would only wait for it too. */
  private async bring({ client, peer }: Attachment, proposal: WaitingProposal): Promise<boolean> {
    const { putGrant, revokeGrant } = agentPatterns;
    try {
      const pattern = proposal.revokes ? revokeGrant : putGrant;
      const meta = { signed: proposal.signed };
      const receipt = await client.ask<SignedReceipt>(pattern, meta, { deadlineMs: ANSWER_MS });
      await this.proposals.taken(peer, proposal, receipt);
      return true;
    } catch (error) {
      if (!(await this.proposals.refused(peer, proposal, error))) return false;
      for (const siteId of proposal.siteIds) await this.broadcast.publish('grant.changed', siteId);
      return true;
    }
  }
}
