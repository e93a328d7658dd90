/**
 * How much of the line the replies that may wait take together. What is on its way cannot be overtaken
 * any more, so it is kept small: one window for all of them, and less while others are served or were
 * a moment ago. Each always gets on, whatever another one's reader does.
 */
import type { LinkStream } from '#libs/link/link-stream.js';

/** More than a reader takes before it returns credit, bytes; less would stop a stream for good. */
const LEAST_BYTES = 48 * 1024;
/** How long others count after their last stream ended: they seldom come alone. */
const LINGER_MS = 1_000;

export class BulkShare {
  private readonly streams = new Set<LinkStream>();
  private lastUrgentMs = -Infinity;

  /** @param served streams of the other side that are open, bulk ones among them */
  constructor(
    private readonly windowBytes: number,
    private readonly served: () => number,
  ) {}

  add(stream: LinkStream): void {
    this.streams.add(stream);
    stream.outbox.allowance = () => this.allowanceBytes();
  }

  retire(stream: LinkStream): void {
    if (!this.streams.delete(stream)) this.lastUrgentMs = performance.now();
  }

  /** Bytes that each may have on its way. */
  private allowanceBytes(): number {
    const { size } = this.streams;
    const isUrgent = this.served() > size || performance.now() - this.lastUrgentMs < LINGER_MS;
    return isUrgent ? LEAST_BYTES : Math.max(LEAST_BYTES, this.windowBytes / size);
  }
}
