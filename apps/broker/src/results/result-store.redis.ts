/**
 * Sealed pages in Redis. Pages of one owner and what is known of them share a hash tag. They are
 * readable until their time and removed soon after it; Redis itself ends what was left behind.
 */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BackgroundJobs } from '#apps/broker/src/jobs/background-jobs.js';
import {
  comingOf,
  fetchedPages,
  headersOf,
  keysOf,
  noteComingScript,
  noteFetchedScript,
  purgeScript,
  putPageScript,
  removePageScript,
  resultLifeMs,
} from '#apps/broker/src/results/result-keys.js';
import {
  ResultStore,
  type KnownPages,
  type PurgeReason,
  type ResultOwner,
} from '#apps/broker/src/results/result-store.port.js';
import { TransientBudget, type Holder } from '#apps/broker/src/transient/transient-budget.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { bytesBucket } from '#libs/kernel/buckets.js';
import { Clock } from '#libs/kernel/clock.js';

/** Redis forgets by itself what nobody removed, so long after its time. */
const LEFT_BEHIND_MS = 3_600_000;

@Injectable()
export class RedisResultStore extends ResultStore {
  constructor(
    private readonly store: TransientStore,
    private readonly budget: TransientBudget,
    private readonly jobs: BackgroundJobs,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async putPage(owner: ResultOwner, page: SealedPage): Promise<'stored' | 'full'> {
    const { header, sealed } = page;
    const untilMs = this.clock.now() + resultLifeMs;
    const holder = holderOf(owner);
    if (!(await this.budget.take(holder, sealed.length, untilMs))) return 'full';
    const { integratorId, siteId, queryId = owner.id } = owner;
    const about = ['integratorId', integratorId, 'siteId', siteId, 'queryId', queryId];
    const text = JSON.stringify(header);
    const life = resultLifeMs + LEFT_BEHIND_MS;
    const args = [header.page, text, sealed, untilMs, life, ...about];
    const stored = await this.store.run<number>(putPageScript, keysOf(owner.id, header.page), args);
    if (stored === 0) await this.budget.giveBack(holder, sealed.length);
    return 'stored';
  }

  override async pages(owner: ResultOwner): Promise<KnownPages> {
    const known = await this.known(owner.id);
    return { kept: headersOf(known, this.clock.now()), coming: comingOf(known) };
  }

  override async noteComing(owner: ResultOwner, pages: readonly PageHeader[]): Promise<void> {
    const [about] = keysOf(owner.id, 0);
    await this.store.run(noteComingScript, [about], [JSON.stringify(pages), LEFT_BEHIND_MS]);
  }

  override async readPage(owner: ResultOwner, page: number): Promise<SealedPage | undefined> {
    const [about, pageKey] = keysOf(owner.id, page);
    const [[until, header], sealed] = await this.store.ask((redis) =>
      Promise.all([redis.hmget(about, 'until', `page:${page}`), redis.getBuffer(pageKey)]),
    );
    if (!until || Number(until) <= this.clock.now()) return undefined;
    if (!header || sealed === null) return undefined;
    return { header: JSON.parse(header) as PageHeader, sealed };
  }

  /** Of the highest page that ever came, kept or not; 0 when none did. */
  override async lastPage(owner: ResultOwner): Promise<number> {
    const [about] = keysOf(owner.id, 0);
    return Number((await this.store.ask((redis) => redis.hget(about, 'last'))) ?? 0);
  }

  override async purge(owner: ResultOwner, reason: PurgeReason): Promise<void> {
    const known = await this.known(owner.id);
    const pages = Object.keys(known).filter((name) => name.startsWith('page:'));
    const [about] = keysOf(owner.id, 0);
    const keys = pages.map((name) => keysOf(owner.id, Number(name.slice(5)))[1]);
    const removed = await this.store.run<number>(purgeScript, [about, ...keys], pages);
    await this.budget.giveBack(holderOf(owner));
    if (removed === 0) return;
    const bytes = pages.reduce((sum, name) => sum + readBytes(known[name]), 0);
    this.receipt({ ...owner, queryId: known['queryId'] ?? owner.id }, reason, removed, bytes);
  }

  override async purgePage(
    owner: ResultOwner,
    page: number,
    reason: PurgeReason,
  ): Promise<boolean> {
    const keys = keysOf(owner.id, page);
    const [bytes, queryId] = await this.store.run<[number, string | null]>(removePageScript, keys, [
      `page:${page}`,
    ]);
    if (bytes < 0) return false;
    await this.budget.giveBack(holderOf(owner), bytes);
    this.receipt({ ...owner, queryId: queryId ?? owner.id }, reason, 1, bytes);
    return true;
  }

  override async noteFetched(owner: ResultOwner, page: number): Promise<void> {
    const [about] = keysOf(owner.id, 0);
    await this.store.run(noteFetchedScript, [about], [`page:${page}`, `fetched:${page}`]);
  }

  override async makeRoom(owner: ResultOwner): Promise<boolean> {
    const known = await this.known(owner.id);
    let removed = false;
    for (const page of fetchedPages(known).slice(0, -1)) {
      removed = (await this.purgePage(owner, page, 'fetched')) || removed;
    }
    return removed;
  }

  override async keepUntil(owner: ResultOwner, untilMs: number): Promise<void> {
    const [about] = keysOf(owner.id, 0);
    const cap = await this.store.ask((redis) => redis.hget(about, 'cap'));
    if (cap === null) return;
    const until = Math.min(untilMs, Number(cap));
    const isFirst = await this.store.ask((redis) => redis.hset(about, 'until', until, 'kept', '1'));
    await this.budget.holdUntil(holderOf(owner), until);
    // One job follows the result; when it finds that the time has moved, so does it.
    if (isFirst > 0) await this.schedulePurge(owner, until);
  }

  /** Removes it if its time is over, or comes again. */
  async purgeWhenDue(owner: ResultOwner): Promise<void> {
    const { until, kept } = await this.known(owner.id);
    if (until !== undefined && Number(until) > this.clock.now())
      return this.schedulePurge(owner, Number(until));
    return this.purge(owner, kept === undefined ? 'expired' : 'fetched');
  }

  private async schedulePurge(owner: ResultOwner, untilMs: number): Promise<void> {
    const { id: ownerId, siteId, integratorId } = owner;
    const delayMs = Math.max(0, untilMs - this.clock.now()) + 1;
    await this.jobs.add('result.purge', { ownerId, siteId, integratorId }, { delayMs });
  }

  private known(ownerId: string): Promise<Record<string, string>> {
    const [about] = keysOf(ownerId, 0);
    return this.store.ask((redis) => redis.hgetall(about));
  }

  private receipt(owner: ResultOwner, reason: PurgeReason, pages: number, bytes: number): void {
    this.audit.note({
      type: 'result.purged',
      site: owner.siteId,
      integrator: owner.integratorId,
      ...(owner.queryId !== undefined && { queryId: owner.queryId }),
      reason,
      count: pages,
      bytesBucket: bytesBucket(bytes),
    });
  }
}

function holderOf({ id, integratorId, siteId }: ResultOwner): Holder {
  return { kind: 'result', id, integratorId, siteId };
}

function readBytes(header: string | undefined): number {
  return header === undefined ? 0 : (JSON.parse(header) as PageHeader).plainBytes;
}
