/**
 * A TCP proxy that breaks things: it cuts connections at once or after so many bytes, falls silent
 * without closing anything, closes one end only, and delays. Faults hold for the connections there
 * are and for those to come, until heal(). It forwards to one place, or serves CONNECT like a
 * practice's own proxy.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { type Destination, ProxiedPair } from '#test/faults/proxied-pair.js';

export class FaultProxy {
  private readonly server = createServer({ allowHalfOpen: true }, (near) => this.admit(near));
  private readonly pairs = new Set<ProxiedPair>();
  private isFrozen = false;
  private isRefusing = false;
  private delayMs = 0;

  /** @param to absent: whatever a client names with CONNECT; a function is asked at each connection */
  constructor(private readonly to?: () => Destination | undefined) {}

  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Nothing passes any more, nothing is closed, and nobody is told: power lost on the way. */
  freeze(): void {
    this.isFrozen = true;
    for (const pair of this.pairs) pair.freeze();
  }

  /** Both ends see a reset. */
  cut(): void {
    for (const pair of this.pairs) pair.reset();
  }

  /** The far end sees a reset, the near end silence; `near` the other way round. */
  halfOpen(closed: 'near' | 'far'): void {
    for (const pair of this.pairs) pair.closeOneEnd(closed);
  }

  /** New connections are reset until heal(). */
  refuse(): void {
    this.isRefusing = true;
  }

  /** Each piece arrives so much later, in order. */
  delay(ms: number): void {
    this.delayMs = ms;
    for (const pair of this.pairs) pair.delayMs = ms;
  }

  /**
   * Lets so many more bytes pass that way, all connections together, then resets them all in the
   * middle of whatever was on its way.
   * @returns once that has happened
   */
  cutAfter(bytes: number, way: 'toFar' | 'toNear'): Promise<void> {
    return new Promise((resolve) => {
      let left = bytes;
      const watch = (passing: number): number => {
        const allowed = Math.min(left, passing);
        left -= allowed;
        if (left > 0) return allowed;
        this.watches[way] = undefined;
        setImmediate(() => {
          this.cut();
          resolve();
        });
        return allowed;
      };
      this.watches[way] = watch;
    });
  }

  private readonly watches: Record<'toFar' | 'toNear', ((bytes: number) => number) | undefined> = {
    toFar: undefined,
    toNear: undefined,
  };

  /** All faults end; what was held back passes on, what was closed on one side is closed on both. */
  heal(): void {
    this.isFrozen = false;
    this.isRefusing = false;
    this.watches.toFar = undefined;
    this.watches.toNear = undefined;
    this.delay(0);
    for (const pair of this.pairs) pair.heal();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private admit(near: Socket): void {
    if (this.isRefusing) {
      near.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const pair = new ProxiedPair(near, {
      destination: this.to,
      pass: (bytes, way) => this.watches[way]?.(bytes) ?? bytes,
    });
    pair.delayMs = this.delayMs;
    if (this.isFrozen) pair.freeze();
    this.pairs.add(pair);
    pair.onClosed(() => this.pairs.delete(pair));
  }
}
