import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks, type Attachment } from '#apps/broker/src/gateway/attached-links.js';
import { PausesAtAgents } from '#apps/broker/src/grants/pauses-at-agents.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { firstWrongField } from '#libs/grants/field-checks.js';
import { pausesShape, type PausesAsTold } from '#libs/grants/pause-messages.js';
import { Turns } from '#libs/kernel/turns.js';

const ANSWER_MS = 5_000;
const SWEEP_MS = 15_000;
/** How long whoever paused waits for the servers: with a prompt one the page shows it at once. */
const PATIENCE_MS = 1_000;

/**
 * Brings what a practice has paused to its agents that are attached to this node: at each change, when
 * an agent comes, and every few seconds to those that have not confirmed it. Always the whole of it.
 */
@Injectable()
export class DeliverPauses implements OnModuleInit, OnApplicationShutdown {
  private readonly turns = new Turns();
  private stopListening: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly links: AttachedLinks,
    private readonly pauses: PausesAtAgents,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  onModuleInit(): void {
    this.stopListening = [
      this.broadcast.subscribe('pause.changed', (id) => this.toPractice(id)),
      // Many practices at once, maybe: those that have not confirmed what is wanted now.
      this.broadcast.subscribe('freeze.changed', () => withPatience(this.sweep())),
    ];
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    for (const stop of this.stopListening) stop();
    clearInterval(this.timer);
  }

  /** Never rejects: an agent that does not answer is told again. */
  toAgent(agentId: string): Promise<void> {
    return this.turns.take(agentId, () => this.deliver(agentId)).catch(() => undefined);
  }

  private async toPractice(practiceId: string): Promise<void> {
    const here = this.links.all().filter(({ peer }) => peer.practiceId === practiceId);
    const agentIds = [...new Set(here.map(({ peer }) => peer.agentId))];
    await withPatience(Promise.all(agentIds.map((agentId) => this.toAgent(agentId))));
  }

  private async sweep(): Promise<void> {
    try {
      const behind = await this.pauses.behind(this.links.agentIds());
      await Promise.all(behind.map((agentId) => this.toAgent(agentId)));
    } catch {
      this.log.write('store.unavailable', { what: 'pauses' });
    }
  }

  /** The store is read in the agent's turn: what is told last is what was paused last. */
  private async deliver(agentId: string): Promise<void> {
    const attachment = this.links.newest(agentId);
    if (!attachment) return;
    const { practiceId } = attachment.peer;
    const wanted = () => this.pauses.wanted(practiceId, agentId);
    const isAhead = await this.tell(attachment, await wanted());
    if (isAhead) await this.tell(attachment, await wanted());
  }

  private async tell({ client, peer }: Attachment, wanted: PausesAsTold): Promise<boolean> {
    const options = { deadlineMs: ANSWER_MS };
    const { putPauses } = agentPatterns;
    const held = await client.ask<PausesAsTold>(putPauses, { ...wanted }, options);
    if (firstWrongField(held, pausesShape) !== undefined) return false;
    return this.pauses.confirmed(peer.practiceId, peer.agentId, held);
  }
}

async function withPatience(told: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
  await Promise.race([told, patience]);
  clearTimeout(timer);
}
