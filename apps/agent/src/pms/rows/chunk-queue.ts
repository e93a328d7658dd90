/**
 * Bytes on their way from the database to the link: a bounded queue between a producer that is
 * asked to wait and a consumer that pulls. What it holds is all a slow reader costs.
 */
export class ChunkQueue implements AsyncIterable<Buffer> {
  private chunks: Buffer[] = [];
  private held = 0;
  private ended = false;
  private abandoned = false;
  private isUnbounded = false;
  private failure: Error | undefined;
  private onChange: (() => void) | undefined;
  private wakeConsumer: (() => void) | undefined;
  private wakeProducer: (() => void) | undefined;
  private producerWaits: Promise<void> | undefined;
  private waitsSince: number | undefined;
  private waitedBeforeMs = 0;

  /** @param highWaterBytes the producer waits while more than this is held */
  constructor(private readonly highWaterBytes: number) {}

  get heldBytes(): number {
    return this.held;
  }

  get isEmpty(): boolean {
    return this.chunks.length === 0;
  }

  get isEnded(): boolean {
    return this.ended;
  }

  /** True once the consumer has left; the producer may stop. */
  get isAbandoned(): boolean {
    return this.abandoned;
  }

  /** Milliseconds that the producer has been waiting for the consumer without a break. */
  get waitingMs(): number {
    return this.waitsSince === undefined ? 0 : performance.now() - this.waitsSince;
  }

  /** Milliseconds that it has waited altogether. */
  get waitedMs(): number {
    return this.waitedBeforeMs + this.waitingMs;
  }

  /** Resolves once it holds more than `bytes`, has ended or was abandoned, or after `withinMs`. */
  holds(bytes: number, withinMs: number): Promise<void> {
    const isSettled = (): boolean => this.held > bytes || this.ended || this.abandoned;
    if (isSettled()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.onChange = undefined;
        resolve();
      };
      const timer = setTimeout(finish, withinMs);
      this.onChange = () => {
        if (isSettled()) finish();
      };
    });
  }

  push(chunk: Buffer): void {
    if (this.abandoned || this.ended) return;
    this.chunks.push(chunk);
    this.held += chunk.length;
    this.wakeConsumer?.();
    this.onChange?.();
  }

  /** No more will come; with an error, the consumer sees it after the last chunk. */
  end(failure?: Error): void {
    this.ended = true;
    this.failure ??= failure;
    this.wakeConsumer?.();
    this.onChange?.();
  }

  /** Undefined when there is room, else a promise of room (or of a consumer that has left). */
  ready(): Promise<void> | undefined {
    const isFree = this.isUnbounded || this.abandoned || this.ended;
    if (isFree || this.held <= this.highWaterBytes) return undefined;
    this.producerWaits ??= new Promise((resolve) => {
      this.waitsSince = performance.now();
      this.wakeProducer = () => {
        this.waitedBeforeMs += this.waitingMs;
        this.waitsSince = undefined;
        this.producerWaits = undefined;
        this.wakeProducer = undefined;
        resolve();
      };
    });
    return this.producerWaits;
  }

  /** The producer waits no more: what it still makes is thrown away or little. What is held stays. */
  letGo(): void {
    this.isUnbounded = true;
    this.wakeProducer?.();
  }

  /** Drops what is held and frees a waiting producer. */
  abandon(): void {
    this.abandoned = true;
    this.chunks = [];
    this.held = 0;
    this.wakeProducer?.();
    this.wakeConsumer?.();
    this.onChange?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    try {
      for (;;) {
        const chunk = this.chunks.shift();
        if (chunk !== undefined) {
          this.held -= chunk.length;
          if (this.held <= this.highWaterBytes / 2) this.wakeProducer?.();
          yield chunk;
        } else if (this.abandoned) {
          return;
        } else if (this.ended) {
          if (this.failure !== undefined) throw this.failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wakeConsumer = resolve;
          });
          this.wakeConsumer = undefined;
        }
      }
    } finally {
      this.abandon();
    }
  }
}
