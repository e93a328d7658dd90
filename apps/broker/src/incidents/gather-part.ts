/**
 * Gathers one agent's part of a pack on the node that has its link. Asked for by a word between nodes; whoever takes
 * it says so in the store, so that the node which asked knows whether to wait.
 */
import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { AttachedLinks } from '#apps/broker/src/gateway/attached-links.js';
import { BrokerEvidence } from '#apps/broker/src/incidents/broker-evidence.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { PackCut } from '#libs/console-api/incidents.js';
import type { Database } from '#libs/db/schema.js';
import { gatherEvidence, type AgentEvidence } from '#libs/incidents/gather-evidence.js';
import { oneByOne } from '#libs/kernel/turns.js';

export type GatheredPart = AgentEvidence & { cut: PackCut[] };

@Injectable()
export class GatherPart implements OnModuleInit, BeforeApplicationShutdown {
  /** Each holds a day of records of two sides. */
  private readonly inTurn = oneByOne();
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: AttachedLinks,
    private readonly evidence: BrokerEvidence,
    private readonly broadcast: Broadcast,
    private readonly log: EventLog,
  ) {}

  onModuleInit(): void {
    // Not waited for: whoever publishes is not to wait for an agent.
    this.stopListening = this.broadcast.subscribe('evidence.wanted', (partId) => {
      void this.take(partId);
    });
  }

  beforeApplicationShutdown(): void {
    this.stopListening?.();
  }

  /** Never rejects. A part whose agent has no link here, or that is taken, is left alone. */
  private async take(partId: string): Promise<void> {
    try {
      const part = await this.find(partId);
      if (!part?.agent_id || !this.links.newest(part.agent_id)) return;
      const taken = await this.database
        .updateTable('incident_pack_parts')
        .set({ taken_at: new Date() })
        .where('part_id', '=', partId)
        .where('taken_at', 'is', null)
        .returning('part_id')
        .executeTakeFirst();
      if (taken) await this.gather(partId, true);
    } catch {
      this.log.write('store.unavailable', { what: 'evidence' });
    }
  }

  /** @param asksAgent false: of the broker's records alone. @throws the store's error */
  gather(partId: string, asksAgent: boolean): Promise<void> {
    return this.inTurn(async () => {
      const part = await this.find(partId);
      if (!part) return;
      const about = {
        ...(part.agent_id !== null && { agentId: part.agent_id }),
        ...{ practiceId: part.practice_id, siteIds: part.site_ids },
      };
      const source = await this.evidence.of(about, asksAgent);
      const order = { scope: part.scope, checkpointSize: Number(part.log_size) };
      const found = await gatherEvidence(source, source.about, order);
      const gathered: GatheredPart = { ...found, cut: source.cut };
      await this.database
        .updateTable('incident_pack_parts')
        .set({ evidence: JSON.stringify(gathered) })
        .where('part_id', '=', partId)
        .where('evidence', 'is', null)
        .execute();
    });
  }

  private find(partId: string) {
    return this.database
      .selectFrom('incident_pack_parts as part')
      .innerJoin('incident_packs as pack', 'pack.pack_id', 'part.pack_id')
      .innerJoin('incidents', 'incidents.incident_id', 'pack.incident_id')
      .select(['part.agent_id', 'part.practice_id', 'site_ids', 'log_size', 'scope'])
      .where('part_id', '=', partId)
      .where('evidence', 'is', null)
      .executeTakeFirst();
  }
}
