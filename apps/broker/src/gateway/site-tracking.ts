import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AgentWatch } from '#apps/broker/src/gateway/agent-watch.js';
import { SitePresence } from '#apps/broker/src/gateway/site-presence.port.js';
import { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import { SiteNews } from '#apps/broker/src/webhooks/site-news.js';

const LEASE_ROUND_MS = 10_000;

/** What has to be told when an agent comes or goes: the register, the other nodes, the watch, integrators. */
@Injectable()
export class SiteTracking {
  private timer: NodeJS.Timeout | undefined;
  private readonly here = new Set<string>();

  constructor(
    private readonly register: SiteRegister,
    private readonly watch: AgentWatch,
    private readonly presence: SitePresence,
    private readonly broadcast: Broadcast,
    private readonly news: SiteNews,
  ) {}

  start(): void {
    this.watch.start();
    this.news.start();
    this.timer = setInterval(() => void this.renewLeases(), LEASE_ROUND_MS).unref();
  }

  stop(): void {
    this.watch.stop();
    this.news.stop();
    clearInterval(this.timer);
  }

  /** After the last link has gone and its leases were given up. */
  close(): Promise<void> {
    return this.presence.close();
  }

  /** The state is read once more: the agent may have been shut out since its handshake. */
  async agentJoined(agentId: string): Promise<void> {
    this.here.add(agentId);
    await this.watch.check([agentId]);
    await this.register.agentJoined(agentId);
    await this.renewLeases();
    await this.broadcast.publish('agent.changed', agentId);
    await this.news.look();
  }

  async agentLeft(agentId: string, saidGoodbye: boolean): Promise<void> {
    this.here.delete(agentId);
    await this.presence.release(this.register.sitesOf(agentId));
    await this.register.agentLeft(agentId, saidGoodbye);
    await this.news.look();
    await this.broadcast.publish('agent.changed', agentId);
  }

  private renewLeases(): Promise<void> {
    return this.presence.hold([...this.here].flatMap((agentId) => this.register.sitesOf(agentId)));
  }
}
