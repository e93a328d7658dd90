/**
 * Tells the other nodes which agents are attached to this one: when one comes or goes, and all of them
 * every few seconds, which renews the lease and mends what a Redis that came back empty forgot.
 */
import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { Presence, type AgentJoin, type NodePlace } from '#apps/broker/src/nodes/presence.port.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const BEAT_MS = 5_000;

@Injectable()
export class AnnounceAgents {
  private readonly announced = new Set<string>();
  private place: NodePlace | undefined;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly attached: AttachedLinks,
    private readonly presence: Presence,
    private readonly broadcast: Broadcast,
  ) {}

  async start(place: NodePlace): Promise<void> {
    this.place = place;
    this.unsubscribe = this.broadcast.subscribe('agent.changed', (agentId) => this.tell(agentId));
    this.timer = setInterval(() => void this.beat(), BEAT_MS).unref();
    await this.beat();
  }

  stop(): void {
    this.unsubscribe?.();
    clearInterval(this.timer);
  }

  /** Never rejects: without Redis the next beat tries again. */
  readonly beat = coalesce(async () => {
    const joins = this.attached.agentIds().flatMap((agentId) => this.joinOf(agentId));
    if (this.place) await this.announce(this.place, joins).catch(() => undefined);
  });

  private async tell(agentId: string): Promise<void> {
    const { place } = this;
    const joins = this.joinOf(agentId);
    if (place && joins.length > 0) await this.announce(place, joins).catch(() => undefined);
    else if (place && this.announced.delete(agentId)) {
      await this.presence.withdraw(place.nodeId, [agentId]).catch(() => undefined);
    }
  }

  private announce(place: NodePlace, joins: AgentJoin[]): Promise<void> {
    for (const { agentId } of joins) this.announced.add(agentId);
    return this.presence.announce(place, joins);
  }

  /** Of the link that takes requests; empty when there is none. */
  private joinOf(agentId: string): AgentJoin[] {
    const peer = this.attached.newest(agentId)?.peer;
    return peer ? [{ agentId, sequence: peer.join.sequence }] : [];
  }
}
