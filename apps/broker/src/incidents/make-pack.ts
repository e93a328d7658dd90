/**
 * Makes an incident's evidence pack: each agent is asked through whichever node has its link; of those that are away
 * the broker's records stand alone, and the pack says so. What is made is sealed by its hash, which the audit log
 * holds from then on.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { GatherPart, type GatheredPart } from '#apps/broker/src/incidents/gather-part.js';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import {
  IncidentRegister,
  noteConcerned,
  type IncidentRow,
} from '#apps/broker/src/incidents/incident-register.js';
import { PACK_UNDER_WAY_MS } from '#apps/broker/src/incidents/show-incident.js';
import { PackScope } from '#apps/broker/src/incidents/pack-scope.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  packContent,
  partsOfPractice,
  sealPack,
  type PackParts,
} from '#libs/incidents/pack-content.js';

export const packWaits = {
  /** For another node to take a part. */
  takeMs: 2_000,
  /** For an agent's answer, which may be as slow as its line. */
  answerMs: 10 * 60_000,
  lookMs: 250,
  /** Agents that are waited for. */
  atOnce: 16,
};

@Injectable()
export class MakePack {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly register: IncidentRegister,
    private readonly scope: PackScope,
    private readonly parts: GatherPart,
    private readonly broadcast: Broadcast,
  ) {}

  /**
   * Begins one; it goes on by itself.
   * @returns its id, or that of the one under way
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, INCIDENT_STATE, INCIDENT_DRILL: a drill's is there from the start
   */
  async begin(at: IncidentAt): Promise<string> {
    const { scope } = await this.register.find(at);
    const agents = await this.scope.agents(scope);
    const packId = randomUUID();
    const running = await this.register.change(at, async (within, row) => {
      if (row.drill_seed !== null) throw new ConduitError('INCIDENT_DRILL');
      const other = await within
        .selectFrom('incident_packs')
        .select('pack_id')
        .where('incident_id', '=', at.incidentId)
        .where('ready_at', 'is', null)
        .where('failed', '=', false)
        .where('asked_at', '>', new Date(this.register.now().getTime() - PACK_UNDER_WAY_MS))
        .executeTakeFirst();
      if (other) return other.pack_id;
      const { size = '0', root = Buffer.alloc(0) } =
        (await within.selectFrom('audit_log').select(['size', 'root']).executeTakeFirst()) ?? {};
      await within
        .insertInto('incident_packs')
        .values({
          ...{ pack_id: packId, incident_id: at.incidentId, asked_by: at.personId },
          ...{ asked_at: this.register.now(), agents: agents.length },
          ...{ log_size: size, log_root: root.toString('base64') },
        })
        .execute();
      for (const { agentId, practiceId, siteIds } of agents) {
        await within
          .insertInto('incident_pack_parts')
          .values({
            ...{ part_id: randomUUID(), pack_id: packId, agent_id: agentId ?? null },
            ...{ practice_id: practiceId, site_ids: JSON.stringify(siteIds) },
          })
          .execute();
      }
      return undefined;
    });
    if (running !== undefined) return running;
    void this.make(at, packId);
    return packId;
  }

  /** Never rejects: what went wrong is a pack that failed, and another can be asked for. */
  async make(at: IncidentAt, packId: string): Promise<void> {
    try {
      const parts = await this.database
        .selectFrom('incident_pack_parts')
        .select(['part_id', 'agent_id'])
        .where('pack_id', '=', packId)
        .orderBy('part_id')
        .execute();
      for (let at = 0; at < parts.length; at += packWaits.atOnce) {
        const some = parts.slice(at, at + packWaits.atOnce);
        await Promise.all(some.map((part) => this.gather(part.part_id, part.agent_id !== null)));
      }
      await this.finish(at, packId);
    } catch {
      await this.fail(packId).catch(() => undefined);
    }
  }

  private async gather(partId: string, hasAgent: boolean): Promise<void> {
    if (hasAgent) {
      await this.broadcast.publish('evidence.wanted', partId);
      const isTaken = await this.becomes(partId, 'taken_at', packWaits.takeMs);
      if (isTaken && (await this.becomes(partId, 'evidence', packWaits.answerMs))) return;
    }
    await this.parts.gather(partId, false);
  }

  private async becomes(
    partId: string,
    column: 'taken_at' | 'evidence',
    withinMs: number,
  ): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += packWaits.lookMs) {
      const row = await this.database
        .selectFrom('incident_pack_parts')
        .select('part_id')
        .where('part_id', '=', partId)
        .where(column, 'is not', null)
        .executeTakeFirst();
      if (row) return true;
      await pause(packWaits.lookMs);
    }
    return false;
  }

  private async finish(at: IncidentAt, packId: string): Promise<void> {
    const incident = await this.register.find(at);
    const acts = await this.scope.acts(incident.scope);
    const rows = await this.database
      .selectFrom('incident_pack_parts as part')
      .innerJoin('incident_packs as pack', 'pack.pack_id', 'part.pack_id')
      .select(['evidence', 'log_size', 'log_root'])
      .where('part.pack_id', '=', packId)
      .execute();
    const found = rows.map(({ evidence }) => JSON.parse(evidence ?? '{}') as GatheredPart);
    const { log_size, log_root: root } = await this.database
      .selectFrom('incident_packs')
      .select(['log_size', 'log_root'])
      .where('pack_id', '=', packId)
      .executeTakeFirstOrThrow();
    const parts: PackParts = {
      ...{ incidentId: at.incidentId, drill: false, scope: incident.scope, acts },
      checkpoint: { size: Number(log_size), root },
      agents: found.flatMap(({ agent }) => agent ?? []),
      lines: found.flatMap(({ lines }) => lines),
      mismatches: found.flatMap(({ mismatches }) => mismatches),
      cut: found.flatMap(({ cut }) => cut),
    };
    await this.register.change(at, (within, row) => this.store(within, at, row, packId, parts));
  }

  /** @param parts of a drill too: its pack is stored as every other is */
  async store(
    within: Transaction<Database>,
    at: IncidentAt,
    row: IncidentRow,
    packId: string,
    parts: PackParts,
  ): Promise<void> {
    const content = packContent(parts);
    const { text, hash } = sealPack(content);
    const { queries } = content.totals;
    await within
      .updateTable('incident_packs')
      .set({ ready_at: this.register.now(), content: text, hash, queries })
      .where('pack_id', '=', packId)
      .execute();
    await within.deleteFrom('incident_pack_parts').where('pack_id', '=', packId).execute();
    if (row.practice_id === null && row.drill_seed === null) {
      const practiceIds = content.practices.map(({ id }) => id);
      await noteConcerned(within, at.incidentId, practiceIds);
      for (const practiceId of practiceIds) await this.share(within, at, packId, practiceId, parts);
    }
    const step = { kind: 'pack-made', type: 'incident.pack-made', personId: at.personId } as const;
    await this.register.note(within, row, { ...step, word: hash, record: { reason: hash } });
  }

  private async share(
    within: Transaction<Database>,
    { incidentId }: IncidentAt,
    packId: string,
    practiceId: string,
    parts: PackParts,
  ): Promise<void> {
    const content = packContent(partsOfPractice(parts, practiceId));
    const { text, hash } = sealPack(content);
    await within
      .insertInto('incident_pack_shares')
      .values({
        ...{ pack_id: packId, incident_id: incidentId, practice_id: practiceId },
        ...{ made_at: this.register.now(), agents: content.agents.length },
        ...{ queries: content.totals.queries, hash, content: text },
      })
      .execute();
  }

  private async fail(packId: string): Promise<void> {
    await this.database.deleteFrom('incident_pack_parts').where('pack_id', '=', packId).execute();
    await this.database
      .updateTable('incident_packs')
      .set({ failed: true })
      .where('pack_id', '=', packId)
      .where('ready_at', 'is', null)
      .execute();
  }
}
