/**
 * The streams of one link by their ids. The dialler opens odd ids, the listener even ones, each in
 * rising order and never twice; what may still arrive for a stream that is over is accounted for.
 */
import { FRAGMENT_COST_BYTES } from '#libs/link/frame.js';
import { LateFrames } from '#libs/link/late-frames.js';
import type { LinkStream } from '#libs/link/link-stream.js';

export class StreamTable {
  private readonly streams = new Map<number, LinkStream>();
  private readonly late = new LateFrames();
  private lastInboundId = 0;
  private inbound = 0;

  /** @param nextId the first id of this side: 1 or 2 */
  constructor(private nextId: number) {}

  get size(): number {
    return this.streams.size;
  }

  /** Streams that the other side opened. */
  get inboundSize(): number {
    return this.inbound;
  }

  /** An id for a stream that this side opens. */
  takeId(): number {
    const id = this.nextId;
    this.nextId += 2;
    return id;
  }

  /** Whether this side would open its next stream beyond the limit. */
  isExhausted(maxStreamId: number): boolean {
    return this.nextId > maxStreamId;
  }

  /** @returns why the other side may not open a stream of this id, if it may not */
  checkInboundId(id: number): string | undefined {
    if (id % 2 === this.nextId % 2) return 'stream id of the wrong side';
    return id <= this.lastInboundId ? 'stream id used again' : undefined;
  }

  add(stream: LinkStream): void {
    this.streams.set(stream.id, stream);
    if (stream.isOpener) return;
    this.lastInboundId = stream.id;
    this.inbound++;
  }

  find(id: number): LinkStream | undefined {
    return this.streams.get(id);
  }

  all(): LinkStream[] {
    return [...this.streams.values()];
  }

  retire(stream: LinkStream): void {
    this.streams.delete(stream.id);
    this.late.expect(stream.inbox.lateBytes, stream.outbox.owedCreditBytes);
    if (!stream.isOpener) this.inbound--;
  }

  /** Whether a stream of this id lives or has lived. */
  wasOpened(id: number): boolean {
    return id % 2 === this.nextId % 2 ? id < this.nextId : id <= this.lastInboundId;
  }

  /** @returns whether the other side could have sent this much for a stream that is over */
  allowsLateData(payloadBytes: number): boolean {
    return this.late.data(payloadBytes + FRAGMENT_COST_BYTES);
  }

  /** @returns whether the other side could have had this credit to return for one that is over */
  allowsLateCredit(bytes: number): boolean {
    return this.late.credit(bytes);
  }
}
