/**
 * The sending half of a stream: messages wait here, are cut into fragments and leave as the other
 * side's credit allows. Payloads are not copied until they leave, so they must not be altered.
 */
import { FIN, FRAGMENT_COST_BYTES, FrameType, Kind } from '#libs/link/frame.js';
import type { FrameBatch } from '#libs/link/frame-batch.js';
import type { LinkLimits } from '#libs/link/link-limits.js';

interface Part {
  kind: Kind;
  payload: Uint8Array;
  offset: number;
  fin: boolean;
}

/** A writer is asked to wait while more than this is queued on its stream, bytes. */
const LOW_WATER_BYTES = 64 * 1024;

/** Below this much credit a fragment is held back rather than sent as crumbs, bytes. */
const CRUMB_BYTES = 1024;

export class StreamOutbox {
  private readonly parts: Part[] = [];
  private queuedBytes = 0;
  private creditBytes: number;
  private waiting: (() => void)[] = [];
  private opened: boolean;
  private sealed = false;
  /** Bytes that a bulk stream may have on its way; absent: the whole window. */
  allowance: (() => number) | undefined;

  constructor(
    private readonly limits: LinkLimits,
    isOpener: boolean,
  ) {
    this.creditBytes = limits.windowBytes;
    this.opened = !isOpener;
  }

  /** Whether the other side knows of the stream: its open frame has left, or came from there. */
  get isOpened(): boolean {
    return this.opened;
  }

  /** Whether the last message has left entirely. */
  get isFinished(): boolean {
    return this.sealed && this.parts.length === 0;
  }

  get isFull(): boolean {
    return this.queuedBytes >= LOW_WATER_BYTES;
  }

  /** Credit that the other side may still return, bytes. */
  get owedCreditBytes(): number {
    return this.limits.windowBytes - this.creditBytes;
  }

  push(kind: Kind, payload: Uint8Array, fin: boolean, isLast: boolean): void {
    this.parts.push({ kind, payload, offset: 0, fin });
    this.queuedBytes += payload.length;
    this.sealed = isLast;
  }

  /** @returns false when the other side returned credit that it never had */
  grant(bytes: number): boolean {
    this.creditBytes += bytes;
    return bytes > 0 && this.creditBytes <= this.limits.windowBytes;
  }

  /** Whether `take` would produce a frame now. */
  get isReady(): boolean {
    const part = this.parts[0];
    if (part === undefined) return false;
    const left = Math.min(part.payload.length - part.offset, CRUMB_BYTES);
    return this.roomBytes >= left + FRAGMENT_COST_BYTES;
  }

  private get roomBytes(): number {
    if (this.allowance === undefined) return this.creditBytes;
    return Math.min(this.creditBytes, this.allowance() - this.owedCreditBytes);
  }

  /** Moves one frame into the batch. Call only when ready. */
  take(streamId: number, batch: FrameBatch): void {
    const part = this.parts[0] as Part;
    const left = part.payload.length - part.offset;
    const size = Math.min(left, this.limits.fragmentBytes, this.roomBytes - FRAGMENT_COST_BYTES);
    const isWhole = size === part.payload.length;
    const payload = isWhole ? part.payload : part.payload.subarray(part.offset, part.offset + size);
    const isLastFragment = size === left;
    const flags = part.kind | (part.fin && isLastFragment ? FIN : 0);
    batch.add(this.opened ? FrameType.data : FrameType.open, flags, streamId, payload);
    this.opened = true;
    this.creditBytes -= size + FRAGMENT_COST_BYTES;
    this.queuedBytes -= size;
    part.offset += size;
    if (isLastFragment) this.parts.shift();
    if (!this.isFull) this.release();
  }

  /** Resolves when the queue has room, or when the stream has ended one way or another. */
  drained(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Forgets what has not left. */
  clear(): void {
    this.parts.length = 0;
    this.queuedBytes = 0;
    this.release();
  }

  private release(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resume of waiting) resume();
  }
}
