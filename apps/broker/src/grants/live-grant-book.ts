/**
 * The grant book in memory: read whole at boot, a site's page read again when any node says that the
 * site changed, and everything once a minute, because a word between nodes can get lost.
 */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Kysely } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { GrantBook, type GrantLookup } from '#apps/broker/src/grants/grant-book.port.js';
import { firmDays, namesSite } from '#apps/broker/src/grants/grant-proposal.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';
import { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';

const rereadMs = 60_000;
const DAY_MS = 86_400_000;

/** What is known of one integrator at one site. */
interface Entry {
  /** Newest document of each grant, newest first. */
  grants: { grant: Grant; expiresMs: number }[];
  request?: 'pending' | 'approved' | 'declined';
  /** Approved with a passkey; the practice's server has not taken it. Until when it is delivered. */
  waitsUntilMs?: number;
}

type Page = Map<string, Entry>;

@Injectable()
export class LiveGrantBook extends GrantBook implements OnModuleInit, OnApplicationShutdown {
  private pages = new Map<string, Page>();
  /** Of each document its reading: thousands read anew each minute would hold up everything else. */
  private readings = new Map<string, Grant | undefined>();
  private sitesByIntegrator = new Map<string, Set<string>>();
  private readonly inTurn = oneByOne();
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    // Given back to whoever published: an approval or a revocation counts here once it is answered.
    this.stopListening = this.broadcast.subscribe('grant.changed', (siteId) =>
      this.reread(siteId).catch(() => this.log.write('store.unavailable', { what: 'grants' })),
    );
    await this.reread();
    this.timer = setInterval(() => {
      void this.reread().catch(() => this.log.write('store.unavailable', { what: 'grants' }));
    }, rereadMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stopListening?.();
  }

  override find(siteId: string, integratorId: string): GrantLookup {
    const entry = this.pages.get(siteId)?.get(integratorId);
    if (!entry) return { state: 'none' };
    const nowMs = this.clock.now();
    const active = entry.grants.find(({ grant, expiresMs }) => !grant.revoked && expiresMs > nowMs);
    if (active) return { state: 'active', grant: active.grant };
    if ((entry.waitsUntilMs ?? 0) > nowMs) return { state: 'pending', waitsFor: 'server' };
    if (entry.request === 'pending') return { state: 'pending' };
    const [newest] = entry.grants;
    if (newest) return { state: newest.grant.revoked ? 'revoked' : 'expired' };
    return { state: entry.request === 'declined' ? 'declined' : 'none' };
  }

  override pairedSites(integratorId: string): string[] {
    return [...(this.sitesByIntegrator.get(integratorId) ?? [])];
  }

  /**
   * Reads the site again, or all of them. Resolves when the book shows at least what was stored when
   * it was called.
   */
  reread(siteId?: string): Promise<void> {
    return this.inTurn(() => this.read(siteId));
  }

  private async read(siteId: string | undefined): Promise<void> {
    const requests = await this.database
      .selectFrom('access_requests')
      .select(['site_id', 'integrator_id', 'state'])
      .$if(siteId !== undefined, (query) => query.where('site_id', '=', siteId as string))
      .orderBy('created_at')
      .execute();
    const grants = await this.database
      .selectFrom('grants')
      .distinctOn(['site_id', 'grant_id'])
      .select(['site_id', 'grant_id', 'integrator_id', 'signed', 'created_at'])
      .$if(siteId !== undefined, (query) => query.where('site_id', '=', siteId as string))
      .orderBy('site_id')
      .orderBy('grant_id')
      .orderBy('seq', 'desc')
      .execute();
    const proposals = await this.readProposals(siteId);
    const withdrawn = new Map(
      proposals.filter((row) => row.revokes).map((row) => [row.grant_id, row]),
    );
    const pages = new Map<string, Page>();
    for (const row of requests) entryOf(pages, row).request = row.state;
    grants.sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
    const documents = grants.map(({ signed }) => (signed as SignedGrant).document);
    this.readings = this.readingsOf(documents, siteId === undefined);
    for (const [index, row] of grants.entries()) {
      const stored = this.readings.get(documents[index] ?? '');
      if (!stored) continue;
      const expiresMs = Date.parse(stored.expires);
      const isWithdrawn = (withdrawn.get(row.grant_id)?.seq ?? 0) > stored.seq;
      const grant: Grant = isWithdrawn ? { ...stored, revoked: true } : stored;
      entryOf(pages, row).grants.push({ grant, expiresMs });
    }
    for (const row of proposals) if (!row.revokes) noteWaiting(pages, row, siteId);
    if (siteId === undefined) this.pages = pages;
    else this.pages.set(siteId, pages.get(siteId) ?? new Map());
    this.index();
  }

  /** @param areAll whether the others are to be forgotten */
  private readingsOf(documents: readonly string[], areAll: boolean): typeof this.readings {
    const known = this.readings;
    const readings = areAll ? new Map<string, Grant | undefined>() : known;
    for (const document of documents) {
      if (readings.has(document)) continue;
      const reading = known.has(document) ? known.get(document) : grantIn(document);
      readings.set(document, reading);
    }
    return readings;
  }

  /** Withdrawals that were proposed count already; what gives permission only waits. */
  private readProposals(siteId: string | undefined): Promise<ProposalRow[]> {
    return this.database
      .selectFrom('grant_proposals')
      .select(['grant_id', 'seq', 'site_ids', 'integrator_id', 'revokes', 'state', 'created_at'])
      .$if(siteId !== undefined, (query) => query.where(namesSite(siteId as string)))
      .where('state', 'in', ['proposed', 'refused'])
      .orderBy('seq')
      .execute();
  }

  private index(): void {
    const index = new Map<string, Set<string>>();
    for (const [siteId, page] of this.pages) {
      for (const integratorId of page.keys()) {
        const sites = index.get(integratorId) ?? new Set();
        index.set(integratorId, sites.add(siteId));
      }
    }
    this.sitesByIntegrator = index;
  }
}

function grantIn(document: string): Grant | undefined {
  const reading = parseGrant(document);
  return reading.ok ? reading.grant : undefined;
}

interface ProposalRow {
  grant_id: string;
  seq: number;
  site_ids: string[];
  integrator_id: string;
  revokes: boolean;
  state: 'proposed' | 'refused' | 'replaced' | 'taken';
  created_at: Date;
}

/** @param only the site whose page is read; absent: all */
function noteWaiting(pages: Map<string, Page>, row: ProposalRow, only: string | undefined): void {
  if (row.state !== 'proposed') return;
  for (const site_id of row.site_ids) {
    if (only !== undefined && site_id !== only) continue;
    const entry = entryOf(pages, { site_id, integrator_id: row.integrator_id });
    entry.waitsUntilMs = row.created_at.getTime() + firmDays * DAY_MS;
  }
}

function entryOf(pages: Map<string, Page>, row: { site_id: string; integrator_id: string }): Entry {
  const page = pages.get(row.site_id) ?? new Map<string, Entry>();
  pages.set(row.site_id, page);
  const entry = page.get(row.integrator_id) ?? { grants: [] };
  page.set(row.integrator_id, entry);
  return entry;
}
