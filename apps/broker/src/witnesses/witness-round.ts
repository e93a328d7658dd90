/**
 * Shows the newest head of the audit log to every agent that is attached to this node, every five
 * seconds when there is a new one: all are asked about the same head, few at a time. Heads in between
 * need no witness of their own, for each later one continues them. An agent that cannot witness, of an
 * older version, is let be until it comes back.
 */
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks, type Attachment } from '#apps/broker/src/gateway/attached-links.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { AskWitness } from '#apps/broker/src/witnesses/ask-witness.js';
import { ReadLog, type SignedHead } from '#apps/broker/src/witnesses/read-log.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { coalesce } from '#libs/kernel/coalesce.js';

export const witnessLimits = {
  roundMs: 5_000,
  atOnce: 16,
};

@Injectable()
export class WitnessRound implements BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  /** What each link was last shown, as it answered; `never`: it knows no witnessing. Forgotten with the link. */
  private readonly seen = new WeakMap<Attachment, number | 'never'>();

  constructor(
    private readonly attached: AttachedLinks,
    private readonly read: ReadLog,
    private readonly ask: AskWitness,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.execute(), witnessLimits.roundMs).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never rejects; a round that begins after the call has ended when it resolves. */
  readonly execute = coalesce(async () => {
    try {
      const head = await this.read.newest();
      if (!head) return;
      const queue = this.waiting(head);
      const worker = async (): Promise<void> => {
        for (let next = queue.pop(); next; next = queue.pop()) await this.show(next, head);
      };
      await Promise.all(Array.from({ length: witnessLimits.atOnce }, worker));
    } catch {
      this.log.write('store.unavailable', { what: 'agents' });
    }
  });

  /** Also where the head is shorter than what they have seen: that is what they are there for. */
  private waiting(head: SignedHead): Attachment[] {
    return this.attached.agentIds().flatMap((agentId) => {
      const newest = this.attached.newest(agentId);
      const seen = newest && this.seen.get(newest);
      return newest && seen !== 'never' && seen !== head.size ? [newest] : [];
    });
  }

  private async show(attachment: Attachment, head: SignedHead): Promise<void> {
    const { agentId } = attachment.peer;
    try {
      const agent = { agentId, client: attachment.client };
      const seen = this.seen.get(attachment);
      const outcome = await this.ask.execute(agent, head, typeof seen === 'number' ? seen : 0);
      if (outcome.state !== 'alarmed') {
        this.seen.set(attachment, outcome.size);
        return;
      }
      if (!outcome.isNew) return;
      this.log.write('audit-log.contradicted', { agentId, alarm: outcome.alarm });
      await this.broadcast.publish('fleet.changed', agentId);
    } catch (error) {
      const { code } = toConduitError(error);
      if (code === 'LINK_CLOSED') return;
      if (code === 'LINK_PATTERN_UNKNOWN') this.seen.set(attachment, 'never');
      this.log.write('witness.failed', { agentId, code });
    }
  }
}
