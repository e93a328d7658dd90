import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { AgentSignals } from '#apps/broker/src/gateway/agent-signals.js';
import { AgentWatch } from '#apps/broker/src/gateway/agent-watch.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';

/** What has to be told when an agent comes or goes: the register, the other nodes, the watch, integrators. */
@Injectable()
export class SiteTracking {
  /** The highest join of each agent that was seen here: what its leaving is the end of. */
  private readonly here = new Map<string, number>();

  constructor(
    private readonly register: SiteRegister,
    private readonly watch: AgentWatch,
    private readonly broadcast: Broadcast,
    private readonly news: SiteNews,
    private readonly signals: AgentSignals,
  ) {}

  start(): void {
    this.watch.start();
    this.news.start();
  }

  stop(): void {
    this.watch.stop();
    this.news.stop();
  }

  /** The state is read once more: the agent may have been shut out since its handshake. */
  async agentJoined(peer: AgentPeer): Promise<void> {
    const { agentId, join } = peer;
    this.here.set(agentId, Math.max(join.sequence, this.here.get(agentId) ?? 0));
    await this.watch.check([agentId]);
    await this.register.agentJoined(agentId);
    await this.signals.joined(peer);
    await this.broadcast.publish('agent.changed', agentId);
    await this.news.look();
  }

  /** Its last link at this node is gone; it may be at another by now. */
  async agentLeft(peer: AgentPeer, saidGoodbye: boolean): Promise<void> {
    const { agentId, join } = peer;
    const sequence = this.here.get(agentId) ?? join.sequence;
    this.here.delete(agentId);
    await this.register.agentLeft({ agentId, sequence, saidGoodbye });
    await this.signals.left(peer, sequence, saidGoodbye);
    await this.news.look();
    await this.broadcast.publish('agent.changed', agentId);
  }
}
