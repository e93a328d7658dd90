/**
 * One request and its reply on a link. The opener sends the request; the acceptor answers with an
 * optional HEAD, BODY fragments and one END, or with one ERROR. Either may cut it with a reset.
 * A stream ends exactly once: by its END or ERROR, by a reset, or with its link.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FRAGMENT_COST_BYTES, Kind, ResetReason } from '#libs/link/frame.js';
import type { FrameBatch } from '#libs/link/frame-batch.js';
import type { LinkLimits } from '#libs/link/link-limits.js';
import { type AssemblyBudget, StreamInbox } from '#libs/link/stream-inbox.js';
import { StreamOutbox } from '#libs/link/stream-outbox.js';

/** The reader of a stream. */
export interface StreamListener {
  /** A whole message: the request, HEAD, END or ERROR. */
  message(kind: Kind, payload: Buffer): void;
  /** Bytes of the BODY. Call `stream.consumed(payload.length)` once they are taken. */
  fragment(payload: Buffer): void;
  /** The stream was cut before its END or ERROR; not called after those. */
  cut(error: ConduitError): void;
}

/** What a stream asks of its link. */
export interface StreamCarrier {
  readonly limits: LinkLimits;
  readonly assembly: AssemblyBudget;
  /** The stream has frames that may leave. */
  wake(stream: LinkStream): void;
  sendCredit(streamId: number, bytes: number): void;
  sendReset(streamId: number, reason: ResetReason): void;
  /** The reply may wait for those of other streams. */
  noteBulk(stream: LinkStream): void;
  /** The stream is over and its id retired. */
  retire(stream: LinkStream): void;
}

export class LinkStream {
  readonly outbox: StreamOutbox;
  readonly inbox: StreamInbox;
  /** The next stream in the link's queue of writers. */
  nextReady: LinkStream | undefined;
  isQueued = false;
  private bulk = false;
  private listener: StreamListener | undefined;
  private over = false;

  constructor(
    private readonly carrier: StreamCarrier,
    readonly id: number,
    readonly isOpener: boolean,
  ) {
    this.outbox = new StreamOutbox(carrier.limits, isOpener);
    this.inbox = new StreamInbox(carrier.limits, carrier.assembly, isOpener);
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Whether its reply lets others go first. */
  get isBulk(): boolean {
    return this.bulk;
  }

  /** Acceptor only, before the reply: others go first from now on. */
  yieldToOthers(): void {
    if (this.bulk || this.over) return;
    this.bulk = true;
    this.carrier.noteBulk(this);
  }

  listen(listener: StreamListener): void {
    this.listener = listener;
  }

  /** Opener only, once: the request, whose parts are joined on the other side. */
  sendRequest(parts: readonly Uint8Array[]): void {
    parts.forEach((part, i) => this.send(Kind.request, part, i === parts.length - 1));
  }

  /** Acceptor only: JSON that the caller may see before any of the body. */
  sendHead(payload: Uint8Array): void {
    this.send(Kind.head, payload, true);
  }

  /** Acceptor only. @returns false when the caller should await `drained()` before more */
  sendBody(payload: Uint8Array): boolean {
    if (payload.length > 0) this.send(Kind.body, payload, false);
    return !this.outbox.isFull;
  }

  /** Acceptor only: JSON trailer; ends the stream. */
  sendEnd(payload: Uint8Array): void {
    this.send(Kind.end, payload, true);
  }

  /** Acceptor only: ends the stream in failure. */
  sendError(payload: Uint8Array): void {
    this.send(Kind.error, payload, true);
  }

  /** Resolves when there is room for more, and also when the stream is over. */
  drained(): Promise<void> {
    return this.over ? Promise.resolve() : this.outbox.drained();
  }

  /** Cuts the stream from this side; the listener is not told. */
  reset(reason: ResetReason): void {
    if (this.over) return;
    // An open frame that never left needs no reset: ids may have gaps.
    if (this.outbox.isOpened) this.carrier.sendReset(this.id, reason);
    this.close();
  }

  /** The reader has taken this many BODY bytes in one fragment. */
  consumed(bytes: number): void {
    if (this.over) return;
    const credit = this.inbox.creditFor(bytes + FRAGMENT_COST_BYTES);
    if (credit > 0) this.carrier.sendCredit(this.id, credit);
  }

  /** For the link: a data or open frame came. @returns a breach of the protocol, if any */
  receive(flags: number, payload: Buffer): string | undefined {
    const received = this.inbox.receive(flags, payload);
    if (received === 'too large') {
      this.reset(ResetReason.tooLarge);
      this.listener?.cut(new ConduitError('RESULT_TOO_LARGE'));
      return undefined;
    }
    if (received !== 'incomplete') {
      if ('breach' in received) return received.breach;
      if (received.kind === Kind.body) this.listener?.fragment(received.payload);
      else this.deliver(received.kind, received.payload);
    }
    if (!this.over) this.returnOwed();
    return undefined;
  }

  /** For the link: the other side reset the stream, or the link is gone. */
  cut(error: ConduitError): void {
    if (this.over) return;
    this.close();
    this.listener?.cut(error);
  }

  /** For the link: puts one frame into the batch and notices when it was the last. */
  take(batch: FrameBatch): void {
    this.outbox.take(this.id, batch);
    if (!this.isOpener && this.outbox.isFinished) this.close();
  }

  private deliver(kind: Kind, payload: Buffer): void {
    if (kind === Kind.end || kind === Kind.error) this.close();
    this.listener?.message(kind, payload);
  }

  private returnOwed(): void {
    const credit = this.inbox.creditFor(0);
    if (credit > 0) this.carrier.sendCredit(this.id, credit);
  }

  private send(kind: Kind, payload: Uint8Array, fin: boolean): void {
    if (this.over) return;
    this.outbox.push(kind, payload, fin, fin && kind !== Kind.head);
    this.carrier.wake(this);
  }

  private close(): void {
    this.over = true;
    this.carrier.retire(this);
    this.outbox.clear();
    this.inbox.clear();
  }
}
