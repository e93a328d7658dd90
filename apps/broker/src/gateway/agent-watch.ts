import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { BlockAgent } from '#apps/broker/src/gateway/block-agent.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const SWEEP_MS = 10_000;

/**
 * Holds the links of this node to what the store says about their agents: at once when another
 * place announces a change, and every ten seconds in case an announcement was lost. Cuts what is
 * revoked or quarantined, what outlived its certificate, and finds copies joined at other nodes.
 */
@Injectable()
export class AgentWatch {
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly attached: AttachedLinks,
    private readonly block: BlockAgent,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.unsubscribe = this.broadcast.subscribe('agent.changed', (agentId) => {
      if (this.attached.of(agentId).length > 0) void this.check([agentId]);
    });
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  stop(): void {
    this.unsubscribe?.();
    clearInterval(this.timer);
  }

  /** Never rejects: with the store away links stay up, and the next sweep looks again. */
  async check(agentIds: string[]): Promise<void> {
    if (agentIds.length === 0) return;
    const rows = await this.database
      .selectFrom('agents')
      .select(['agent_id', 'state', 'join_sequence', 'instance_id'])
      .where('agent_id', 'in', agentIds)
      .execute()
      .catch(() => undefined);
    if (!rows) return;
    const known = new Map(rows.map((row) => [row.agent_id, row]));
    for (const agentId of agentIds) {
      const row = known.get(agentId);
      if (row?.state !== 'active') this.attached.terminate(agentId);
      else await this.checkForCopy(agentId, row.join_sequence, row.instance_id);
    }
  }

  /** A later join by another process, at whatever node: whoever still answers here is a copy. */
  private async checkForCopy(agentId: string, sequence: number, instanceId: string | null) {
    const outrun = this.attached
      .of(agentId)
      .some(({ peer }) => peer.join.sequence <= sequence && peer.join.instanceId !== instanceId);
    if (!outrun || instanceId === null) return;
    if (await this.attached.hasLiveRival(agentId, instanceId)) {
      await this.block.quarantine(agentId, 'second-live-link').catch(() => undefined);
    }
  }

  private async sweep(): Promise<void> {
    const now = this.clock.now();
    for (const { link, peer } of this.attached.all()) {
      if (peer.certificateEndsMs <= now) link.terminate();
    }
    await this.check(this.attached.agentIds());
  }
}
