/** Where sealed result pages rest until they are fetched. Nothing here can open one. */
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';

/** Whose pages they are. */
export interface ResultOwner {
  /** UUID of one run: pages of two runs never mix. */
  id: string;
  integratorId: string;
  siteId: string;
  /** What the audit calls it where that is not the id itself. */
  queryId?: string;
}

/** Of one result: what is kept, and what is still on its way up. Each in the order of its numbers. */
export interface KnownPages {
  kept: PageHeader[];
  /** Cut at the practice; the first one is coming up, the others wait there for their turn. */
  coming: PageHeader[];
}

export type PurgeReason = 'fetched' | 'deleted' | 'expired' | 'cancelled';

/** Every method throws ConduitError QUEUE_UNAVAILABLE while the transient store is away. */
export abstract class ResultStore {
  /**
   * Keeps a page until `keepUntil` says otherwise, at most 24 hours. The same page again changes
   * nothing.
   * @returns full: the integrator's share, or the store, has no room for it now; try again later
   */
  abstract putPage(owner: ResultOwner, page: SealedPage): Promise<'stored' | 'full'>;

  abstract pages(owner: ResultOwner): Promise<KnownPages>;

  /** Pages that take their time: the one that comes up, and those that wait behind it. */
  abstract noteComing(owner: ResultOwner, pages: readonly PageHeader[]): Promise<void>;

  /** The page, or undefined when it is not kept, or not any more. */
  abstract readPage(owner: ResultOwner, page: number): Promise<SealedPage | undefined>;

  /** The highest page that ever came, kept or not; 0 when none did. */
  abstract lastPage(owner: ResultOwner): Promise<number>;

  /** A page of a result that is still coming up has been given to its caller. */
  abstract noteFetched(owner: ResultOwner, page: number): Promise<void>;

  /**
   * Removes pages that were fetched, up to the last but one: whoever fetched a later page has those.
   * @returns whether there were any
   */
  abstract makeRoom(owner: ResultOwner): Promise<boolean>;

  /** Removes one page and says so in the audit. @returns whether it was there */
  abstract purgePage(owner: ResultOwner, page: number, reason: PurgeReason): Promise<boolean>;

  /** Removes all pages and says so in the audit; without pages nothing happens. */
  abstract purge(owner: ResultOwner, reason: PurgeReason): Promise<void>;

  /** @param untilMs milliseconds since the Unix epoch; never beyond 24 hours after the first page */
  abstract keepUntil(owner: ResultOwner, untilMs: number): Promise<void>;
}
