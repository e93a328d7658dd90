/**
 * The receiving half of a stream: counts credit, reassembles the kinds that are read as a whole
 * and checks that the kinds come in the order the protocol allows.
 */
import { FIN, FRAGMENT_COST_BYTES, KIND_MASK, Kind } from '#libs/link/frame.js';
import type { LinkLimits } from '#libs/link/link-limits.js';

/** What became of a fragment. A string is a breach of the protocol, in our own words. */
export type Received =
  | { kind: Kind; payload: Buffer; returnBytes: number }
  | 'incomplete'
  | 'too large'
  | { breach: string };

/** Credit is returned in pieces of this share of the window. */
const CREDIT_SHARE = 1 / 8;

const MAX_HEAD_BYTES = 64 * 1024;

/** Room for the assembly of all streams of one link together. */
export interface AssemblyBudget {
  usedBytes: number;
}

export class StreamInbox {
  private windowLeft: number;
  private owedBytes = 0;
  private assembling: Kind | undefined;
  private fragments: Buffer[] = [];
  private assembledBytes = 0;
  private lastKind: Kind | undefined;

  constructor(
    private readonly limits: LinkLimits,
    private readonly budget: AssemblyBudget,
    private readonly isOpener: boolean,
  ) {
    this.windowLeft = limits.windowBytes;
  }

  /** What may still arrive after this side has closed the stream, bytes with fragments' costs. */
  get lateBytes(): number {
    return this.isComplete ? 0 : this.windowLeft;
  }

  /** Whether the other side has said all it may say. */
  private get isComplete(): boolean {
    if (!this.isOpener) return this.lastKind === Kind.request;
    return this.lastKind === Kind.end || this.lastKind === Kind.error;
  }

  receive(flags: number, payload: Buffer): Received {
    const kind = (flags & KIND_MASK) as Kind;
    const cost = payload.length + FRAGMENT_COST_BYTES;
    if (cost > this.windowLeft) return { breach: 'data beyond credit' };
    if (!this.isExpected(kind)) return { breach: 'message out of order' };
    this.windowLeft -= cost;
    const isLast = (flags & FIN) !== 0;
    if (kind === Kind.body) {
      if (isLast) return { breach: 'body fragment with FIN' };
      this.lastKind = kind;
      return { kind, payload, returnBytes: cost };
    }
    this.owedBytes += cost;
    return this.assemble(kind, payload, isLast);
  }

  /**
   * Says how much credit to return now; small amounts are saved up to spare frames.
   *
   * @param bytes what the reader has taken, with the fragments' costs
   */
  creditFor(bytes: number): number {
    this.owedBytes += bytes;
    if (this.owedBytes < this.limits.windowBytes * CREDIT_SHARE) return 0;
    const credit = this.owedBytes;
    this.owedBytes = 0;
    this.windowLeft += credit;
    return credit;
  }

  /** Gives back what an unfinished message holds. */
  clear(): void {
    this.budget.usedBytes -= this.assembledBytes;
    this.assembledBytes = 0;
    this.fragments = [];
  }

  private isExpected(kind: Kind): boolean {
    if (this.assembling !== undefined) return kind === this.assembling;
    if (!this.isOpener) return kind === Kind.request && this.lastKind === undefined;
    switch (kind) {
      case Kind.request:
        return false;
      case Kind.head:
        return this.lastKind === undefined;
      case Kind.body:
      case Kind.end:
      case Kind.error:
        return true;
    }
  }

  private assemble(kind: Kind, payload: Buffer, isLast: boolean): Received {
    if (isLast && this.fragments.length === 0) {
      this.lastKind = kind;
      return { kind, payload, returnBytes: 0 };
    }
    this.assembling = kind;
    this.assembledBytes += payload.length;
    this.budget.usedBytes += payload.length;
    if (
      this.assembledBytes > this.largest(kind) ||
      this.budget.usedBytes > this.limits.maxAssemblyBytes
    ) {
      return 'too large';
    }
    // A small fragment would keep alive the whole socket buffer it is a view of.
    this.fragments.push(detach(payload));
    if (!isLast) return 'incomplete';
    const whole = Buffer.concat(this.fragments, this.assembledBytes);
    this.clear();
    this.assembling = undefined;
    this.lastKind = kind;
    return { kind, payload: whole, returnBytes: 0 };
  }

  private largest(kind: Kind): number {
    if (kind === Kind.request) return this.limits.maxRequestBytes;
    return kind === Kind.end ? this.limits.maxTrailerBytes : MAX_HEAD_BYTES;
  }
}

/** The bytes on their own when they are a small view of a much larger buffer. */
export function detach(bytes: Buffer): Buffer {
  return bytes.length * 2 < bytes.buffer.byteLength ? Buffer.from(bytes) : bytes;
}
