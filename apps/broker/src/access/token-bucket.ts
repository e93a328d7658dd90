/** A token bucket: so many at once, so many a second for ever. Memory of one node only. */
export interface BucketState {
  allowed: boolean;
  /** Most that may be sent at once. */
  limit: number;
  remaining: number;
  /** Milliseconds until the bucket is full again. */
  resetMs: number;
  /** Milliseconds until one more is allowed; 0 when allowed. */
  retryAfterMs: number;
}

export class TokenBucket {
  private tokens: number;
  private lastMs: number;

  /**
   * @param capacity tokens when full
   * @param perSecond tokens that come back each second
   */
  constructor(
    readonly capacity: number,
    readonly perSecond: number,
    nowMs: number,
  ) {
    this.tokens = capacity;
    this.lastMs = nowMs;
  }

  take(nowMs: number): BucketState {
    // A clock that was set back must not take tokens away.
    const elapsedMs = Math.max(0, nowMs - this.lastMs);
    this.lastMs = nowMs;
    this.tokens = Math.min(this.capacity, this.tokens + (elapsedMs * this.perSecond) / 1_000);
    const allowed = this.tokens >= 1;
    if (allowed) this.tokens -= 1;
    return {
      allowed,
      limit: this.capacity,
      remaining: Math.floor(this.tokens),
      resetMs: ((this.capacity - this.tokens) * 1_000) / this.perSecond,
      retryAfterMs: allowed ? 0 : ((1 - this.tokens) * 1_000) / this.perSecond,
    };
  }

  /** Whether nobody would notice if it were forgotten. */
  isFull(nowMs: number): boolean {
    return this.tokens + ((nowMs - this.lastMs) * this.perSecond) / 1_000 >= this.capacity;
  }
}

/** Buckets by key, forgotten when full and never more than `maxBuckets`. */
export class BucketShelf {
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(private readonly maxBuckets = 100_000) {}

  /** @param capacity and @param perSecond of the bucket; when they change it starts anew */
  take(key: string, capacity: number, perSecond: number, nowMs: number): BucketState {
    let bucket = this.buckets.get(key);
    if (!bucket || bucket.capacity !== capacity || bucket.perSecond !== perSecond) {
      if (this.buckets.size >= this.maxBuckets) this.sweep(nowMs);
      bucket = new TokenBucket(capacity, perSecond, nowMs);
      this.buckets.set(key, bucket);
    }
    return bucket.take(nowMs);
  }

  private sweep(nowMs: number): void {
    for (const [key, bucket] of this.buckets) {
      if (bucket.isFull(nowMs)) this.buckets.delete(key);
    }
    const oldest = this.buckets.keys();
    while (this.buckets.size >= this.maxBuckets) this.buckets.delete(oldest.next().value as string);
  }
}
