/**
 * The sealed pages of one result, first in, first out, in memory while there is room and in files
 * beyond that. It ends once: taken to its last page, failed, or abandoned; nothing is left then.
 */
import type { PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { SiteSpool } from '#apps/agent/src/spool/site-spool.js';

interface Entry {
  header: PageHeader;
  bytes: number;
  /** The sealed page, or the name of its file. */
  held: Buffer | string;
}

export class PageSpool implements AsyncIterable<SealedPage> {
  private entries: Entry[] = [];
  private ended = false;
  private isAbandoned = false;
  private failure: ConduitError | undefined;
  private wake: (() => void) | undefined;
  /** Resolves when nothing of it is left here. Never rejects. */
  readonly over: Promise<void>;
  private signalOver: () => void = () => {};
  private readonly timer: NodeJS.Timeout;

  /** @param keepMs milliseconds after which everything is destroyed */
  constructor(
    private readonly site: SiteSpool,
    keepMs: number,
  ) {
    this.over = new Promise((resolve) => {
      this.signalOver = resolve;
    });
    this.timer = setTimeout(() => this.fail(new ConduitError('SPOOL_EXPIRED')), keepMs).unref();
  }

  /**
   * Resolves when the page is held; a page of a result that nobody waits for is thrown away.
   * @throws ConduitError SPOOL_FULL, or what the result failed with
   */
  async put({ header, sealed }: SealedPage): Promise<void> {
    const bytes = sealed.length;
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (this.isAbandoned) return;
      const seen = this.site.freedCount;
      if (this.site.takeMemory(bytes, this.entries.length === 0))
        return this.add({ header, bytes, held: sealed });
      const name = await this.site.write(sealed);
      if (name !== undefined) return this.add({ header, bytes, held: name });
      await this.site.freedSince(seen);
    }
  }

  /** The outcome, behind everything else: it needs no room. Nothing follows it. */
  close(last: SealedPage): void {
    const { header, sealed } = last;
    const bytes = sealed.length;
    this.site.takeMemory(bytes, true);
    this.add({ header, bytes, held: sealed });
    this.ended = true;
    this.wake?.();
  }

  /** Of the pages of rows that wait here now, the next ones. */
  next(most: number): PageHeader[] {
    const headers = this.entries.slice(0, most).map(({ header }) => header);
    return headers.filter(({ page }) => page > 0);
  }

  /** Throws away what waits; more may come. */
  discard(): void {
    const entries = this.entries;
    this.entries = [];
    for (const entry of entries) this.release(entry);
  }

  /** What waits is destroyed, and the reader sees the error. */
  fail(error: ConduitError): void {
    if (this.isAbandoned) return;
    this.failure ??= error;
    this.leave();
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.isAbandoned = true;
    this.leave();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SealedPage, void, void> {
    try {
      for (;;) {
        if (this.failure !== undefined) throw this.failure;
        const entry = this.entries.shift();
        if (entry !== undefined) {
          yield { header: entry.header, sealed: await this.take(entry) };
        } else if (this.ended || this.isAbandoned) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          this.wake = undefined;
        }
      }
    } finally {
      this.abandon();
    }
  }

  private add(entry: Entry): void {
    // It may have ended while the file was written.
    if (this.isAbandoned || this.failure !== undefined) return this.release(entry);
    this.entries.push(entry);
    this.wake?.();
  }

  private async take({ held, bytes }: Entry): Promise<Buffer> {
    if (typeof held !== 'string') {
      this.site.freeMemory(bytes);
      return held;
    }
    const sealed = await this.site.folder.take(held);
    this.site.freeFile(bytes);
    if (sealed?.length !== bytes) throw new ConduitError('RESULT_GONE');
    return sealed;
  }

  private release({ held, bytes }: Entry): void {
    if (typeof held !== 'string') return this.site.freeMemory(bytes);
    void this.site.folder.remove(held).then(() => this.site.freeFile(bytes));
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.discard();
    this.wake?.();
    this.site.tellFreed();
    this.signalOver();
  }
}
