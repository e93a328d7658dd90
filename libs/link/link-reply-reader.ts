/**
 * The caller's end of a reply. BODY fragments are handed over one by one as they are read, and
 * only what was read makes room for more; nothing is joined together. Either read the body or
 * cancel: END comes behind it.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Kind, ResetReason } from '#libs/link/frame.js';
import { decodeError } from '#libs/link/link-error.js';
import { isPlainObject } from '#libs/link/link-request.js';
import type { LinkStream, StreamListener } from '#libs/link/link-stream.js';
import { detach } from '#libs/link/stream-inbox.js';

export interface LinkReplyReader {
  /** The HEAD message, if the answer has one. */
  readonly head: object | undefined;
  /** The opaque bytes; may be read once. Leaving early cancels the request. Throws ConduitError. */
  readonly body: AsyncIterable<Buffer>;
  /** The trailer; rejects with ConduitError when the answer breaks off. */
  readonly end: Promise<object>;
  /** Stops the other side; `body` and `end` fail with the given error. */
  cancel(reason: ConduitError): void;
}

interface Waiter {
  resolve(result: IteratorResult<Buffer>): void;
  reject(error: ConduitError): void;
}

export class ReplyReader implements LinkReplyReader, StreamListener, AsyncIterableIterator<Buffer> {
  head: object | undefined;
  readonly end: Promise<object>;
  private readonly fragments: Buffer[] = [];
  private stream: LinkStream | undefined;
  private waiter: Waiter | undefined;
  private trailer: object | undefined;
  private failure: ConduitError | undefined;
  private resolveEnd!: (trailer: object) => void;
  private rejectEnd!: (error: ConduitError) => void;

  /**
   * @param onStart HEAD, BODY, END or a failure came: the request has been answered
   * @param onOver called exactly once, when nothing more will come
   */
  constructor(
    private onStart: ((error?: ConduitError) => void) | undefined,
    private readonly onOver: () => void,
  ) {
    this.end = new Promise((resolve, reject) => {
      this.resolveEnd = resolve;
      this.rejectEnd = reject;
    });
    // A caller that only reads the body learns of the failure there.
    this.end.catch(() => undefined);
  }

  get body(): AsyncIterable<Buffer> {
    return this;
  }

  bind(stream: LinkStream): void {
    this.stream = stream;
  }

  cancel(reason: ConduitError): void {
    if (this.isOver) return;
    this.stream?.reset(ResetReason.cancelled);
    this.fail(reason);
  }

  message(kind: Kind, payload: Buffer): void {
    if (kind === Kind.error) return this.fail(decodeError(payload));
    const value = parseObject(payload);
    if (value === undefined) return this.cancel(new ConduitError('LINK_PROTOCOL'));
    if (kind === Kind.head) this.head = value;
    else this.finish(value);
    this.start();
  }

  fragment(payload: Buffer): void {
    if (this.waiter === undefined) {
      this.fragments.push(detach(payload));
    } else {
      const { resolve } = this.waiter;
      this.waiter = undefined;
      this.stream?.consumed(payload.length);
      resolve({ value: payload, done: false });
    }
    this.start();
  }

  cut(error: ConduitError): void {
    this.fail(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Buffer>> {
    const fragment = this.fragments.shift();
    if (fragment !== undefined) {
      this.stream?.consumed(fragment.length);
      return Promise.resolve({ value: fragment, done: false });
    }
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.trailer !== undefined) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Buffer>> {
    this.fragments.length = 0;
    this.cancel(new ConduitError('CLIENT_GONE'));
    return Promise.resolve(DONE);
  }

  private get isOver(): boolean {
    return this.failure !== undefined || this.trailer !== undefined;
  }

  private start(error?: ConduitError): void {
    const onStart = this.onStart;
    this.onStart = undefined;
    onStart?.(error);
  }

  private finish(trailer: object): void {
    this.trailer = trailer;
    this.onOver();
    this.resolveEnd(trailer);
    this.waiter?.resolve(DONE);
    this.waiter = undefined;
  }

  private fail(error: ConduitError): void {
    if (this.isOver) return;
    this.failure = error;
    this.onOver();
    this.rejectEnd(error);
    this.waiter?.reject(error);
    this.waiter = undefined;
    this.start(error);
  }
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

function parseObject(payload: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
