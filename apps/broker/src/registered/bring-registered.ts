/**
 * Makes the agent hold what the registry says: brings what it lacks, renews what has other terms, ends
 * what is over. Every step may be repeated; what fails for a reason that passes is done at the next
 * turn: when the agent attaches, asks, or somebody changes the query.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { WaitingRequests } from '#apps/broker/src/registered/waiting-requests.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { PutRegisteredMeta, SyncRegisteredMeta } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { Turns } from '#libs/kernel/turns.js';
import type { LinkClient } from '#libs/link/link-client.js';

const ANSWER_MS = 15_000;

/** An agent that says so will say so again. */
const FINAL: readonly ErrorCode[] = [
  'REGISTERED_LIMIT',
  'REQUEST_INVALID',
  'BODY_NOT_JSON',
  'SEAL_BROKEN',
  'SITE_NOT_FOUND',
  'QUERY_GONE',
];

@Injectable()
export class BringRegistered {
  /** One turn of an agent after the other: the last one sees what those before it did. */
  private readonly turns = new Turns();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: SiteLinks,
    private readonly waiting: WaitingRequests,
    private readonly ending: EndRegistered,
    private readonly clock: Clock,
  ) {}

  /** Whether the site's agent is attached to this node. */
  reaches(siteId: string): boolean {
    return this.links.find(siteId) !== undefined;
  }

  /**
   * Brings one that was just created, when its agent is attached to this node.
   * @returns whether the agent has it
   * @throws ConduitError what the agent refuses it for
   */
  async bringNew(row: RegisteredRow, sealed: Buffer): Promise<boolean> {
    const link = this.links.find(row.site_id);
    if (!link) return false;
    try {
      await this.put(link, row, sealed);
      return true;
    } catch (thrown) {
      const error = toConduitError(thrown);
      if (!FINAL.includes(error.code)) return false;
      await this.ending.giveUp(row.registered_id, 'initialisationFailedCacheError', error.code);
      throw error;
    }
  }

  /** One that was changed, if its agent is attached to this node. Never rejects. */
  async agreeOn(id: string): Promise<void> {
    const row = await this.database
      .selectFrom('registered_queries')
      .selectAll()
      .where('registered_id', '=', id)
      .executeTakeFirst()
      .catch(() => undefined);
    const link = row && this.links.find(row.site_id);
    if (row && link) await this.settle(link, row, undefined).catch(() => undefined);
  }

  /** Everything of one agent. Never rejects. @param held what the agent says it holds */
  agree(agentId: string, held: SyncRegisteredMeta['held']): Promise<void> {
    return this.turns.take(agentId, () => this.agreeWith(agentId, held)).catch(() => undefined);
  }

  private async agreeWith(agentId: string, held: SyncRegisteredMeta['held']): Promise<void> {
    const revisions = new Map(held.map(({ registeredId, revision }) => [registeredId, revision]));
    const rows = await this.database
      .selectFrom('registered_queries')
      .innerJoin('sites', 'sites.site_id', 'registered_queries.site_id')
      .selectAll('registered_queries')
      .where('sites.agent_id', '=', agentId)
      .where((where) =>
        where.or([
          where('registered_queries.state', '=', 'enabled'),
          ...(held.length > 0 ? [where('registered_id', 'in', [...revisions.keys()])] : []),
        ]),
      )
      .execute();
    for (const row of rows) {
      const link = this.links.find(row.site_id);
      if (!link) return;
      await this.settle(link, row, revisions.get(row.registered_id) ?? 0);
      revisions.delete(row.registered_id);
    }
    // What is left is nobody's any more.
    const [siteId] = await this.sitesOf(agentId);
    const link = siteId === undefined ? undefined : this.links.find(siteId);
    for (const registeredId of link ? revisions.keys() : []) {
      await ask(link as LinkClient, agentPatterns.endRegistered, { registeredId });
    }
  }

  /** @param heldRevision 0: the agent does not name it; undefined: nobody asked */
  private async settle(
    link: LinkClient,
    row: RegisteredRow,
    heldRevision: number | undefined,
  ): Promise<void> {
    const { registered_id: registeredId, state } = row;
    const isOver = row.ends_at.getTime() <= this.clock.now();
    if (state === 'enabled' && !isOver) {
      if (heldRevision !== row.revision) await this.bring(link, row, heldRevision);
      return;
    }
    // The last result of one that is over can still be fetched from the agent.
    if (state === 'completed' || state === 'enabled' || heldRevision === 0) return;
    await ask(link, agentPatterns.endRegistered, { registeredId });
  }

  private async bring(
    link: LinkClient,
    row: RegisteredRow,
    heldRevision: number | undefined,
  ): Promise<void> {
    try {
      const isThere = row.delivered || (heldRevision ?? 0) > 0;
      const sealed = isThere ? Buffer.alloc(0) : await this.waiting.read(row);
      if (!sealed) throw new ConduitError('QUERY_GONE');
      await this.put(link, row, sealed);
    } catch (thrown) {
      const { code } = toConduitError(thrown);
      if (!FINAL.includes(code)) return;
      await this.ending.giveUp(row.registered_id, 'initialisationFailedCacheError', code);
    }
  }

  private async put(link: LinkClient, row: RegisteredRow, sealed: Buffer): Promise<void> {
    await ask(link, agentPatterns.putRegistered, this.metaOf(row), sealed);
    if (row.delivered) return;
    await this.database
      .updateTable('registered_queries')
      .set({ delivered: true })
      .where('registered_id', '=', row.registered_id)
      .execute();
    await this.waiting.drop(row);
  }

  private metaOf(row: RegisteredRow): PutRegisteredMeta {
    return {
      registeredId: row.registered_id,
      siteId: row.site_id,
      integratorId: row.integrator_id,
      keyId: row.key_id,
      grantId: row.grant_id,
      grantSeq: row.grant_seq,
      resultKey: row.result_key,
      pageEncoding: 'br',
      sealedTo: row.sealed_to,
      revision: row.revision,
      frequencySeconds: row.frequency_seconds,
      endsAtMs: row.ends_at.getTime(),
      brokerTimeMs: this.clock.now(),
    };
  }

  private async sitesOf(agentId: string): Promise<string[]> {
    const rows = await this.database
      .selectFrom('sites')
      .select('site_id')
      .where('agent_id', '=', agentId)
      .execute();
    return rows.map(({ site_id }) => site_id);
  }
}

async function ask(link: LinkClient, pattern: string, meta: object, body?: Buffer): Promise<void> {
  await link.ask(pattern, meta, { body, deadlineMs: ANSWER_MS });
}
