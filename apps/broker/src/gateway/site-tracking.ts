import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AgentWatch } from '#apps/broker/src/gateway/agent-watch.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';

/** What has to be told when an agent comes or goes: the register, the other nodes, the watch, integrators. */
@Injectable()
export class SiteTracking {
  constructor(
    private readonly register: SiteRegister,
    private readonly watch: AgentWatch,
    private readonly broadcast: Broadcast,
    private readonly news: SiteNews,
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
  async agentJoined(agentId: string): Promise<void> {
    await this.watch.check([agentId]);
    await this.register.agentJoined(agentId);
    await this.broadcast.publish('agent.changed', agentId);
    await this.news.look();
  }

  async agentLeft(agentId: string, saidGoodbye: boolean): Promise<void> {
    await this.register.agentLeft(agentId, saidGoodbye);
    await this.news.look();
    await this.broadcast.publish('agent.changed', agentId);
  }
}
