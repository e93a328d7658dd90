/**
 * Asks the other side of one link. `request` is the direct way; Nest's `send` and `emit` work too,
 * with their data as the request's `meta`. One client per link, made when the link comes up; a cut
 * link fails what runs with LINK_CLOSED at once.
 */
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Deadlines } from '#libs/link/deadlines.js';
import type { Link } from '#libs/link/link.js';
import { type LinkReplyReader, ReplyReader } from '#libs/link/link-reply-reader.js';
import { encodeRequest, isPlainObject } from '#libs/link/link-request.js';

export interface RequestOptions {
  /** Cancels the request at the other side; rejects with the reason if that is a ConduitError, else CLIENT_GONE. */
  signal?: AbortSignal;
  /** Milliseconds from now until END must have come, rounded up to 100; then EXECUTION_TIMEOUT. */
  deadlineMs?: number;
}

interface AskOptions extends RequestOptions {
  /** As of `request`. */
  body?: Uint8Array | undefined;
}

export class LinkClient extends ClientProxy {
  constructor(readonly link: Link) {
    super();
  }

  /**
   * Sends a request; resolves as soon as HEAD, BODY or END has come.
   *
   * @param pattern name of the handler, e.g. `query.run`
   * @param meta JSON-serialisable object
   * @param body opaque bytes; must not be altered afterwards. Header and body at most 10 MB
   * @throws ConduitError the code of the other side's ERROR; LINK_CLOSED; LINK_REFUSED (nothing
   *   was done); LINK_PROTOCOL; BODY_TOO_LARGE; CLIENT_GONE; EXECUTION_TIMEOUT
   */
  request(
    pattern: string,
    meta: object,
    body?: Uint8Array,
    options: RequestOptions = {},
  ): Promise<LinkReplyReader> {
    return this.start(encodeRequest(pattern, meta, body, false), options);
  }

  /**
   * Sends a request whose answer is an object without a body, and waits for all of it.
   *
   * @returns the trailer; `T` is the caller's word for it, nothing of it is checked here
   * @throws ConduitError as `request`
   */
  async ask<T extends object = object>(
    pattern: string,
    meta: object,
    { body, ...options }: AskOptions = {},
  ): Promise<T> {
    return (await trailerOf(await this.request(pattern, meta, body, options))) as T;
  }

  override connect(): Promise<void> {
    return Promise.resolve();
  }

  /** The link has its own life; closing the client leaves it alone. */
  override close(): void {
    return undefined;
  }

  override unwrap<T>(): T {
    return this.link as T;
  }

  protected override publish(
    packet: ReadPacket,
    callback: (packet: WritePacket) => void,
  ): () => void {
    const controller = new AbortController();
    this.answer(packet, false, controller.signal).then(
      (response) => callback({ response, isDisposed: true }),
      (err: unknown) => callback({ err: toConduitError(err) }),
    );
    return () => controller.abort();
  }

  /** Resolves once the other side has the event. */
  protected override async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    return (await this.answer(packet, true)) as T;
  }

  private async answer(
    packet: ReadPacket,
    isEvent: boolean,
    signal?: AbortSignal,
  ): Promise<object> {
    const pattern = this.normalizePattern(packet.pattern as string);
    const meta: unknown = packet.data;
    if (!isPlainObject(meta))
      throw new ConduitError('REQUEST_INVALID', { facts: { field: 'data' } });
    const request = encodeRequest(pattern, meta, undefined, isEvent);
    return trailerOf(await this.start(request, signal === undefined ? {} : { signal }));
  }

  private start(request: readonly Uint8Array[], options: RequestOptions): Promise<LinkReplyReader> {
    const { signal, deadlineMs } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortError(signal));
      let stopDeadline: (() => void) | undefined;
      const reader = new ReplyReader(
        (error) => (error === undefined ? resolve(reader) : reject(error)),
        () => {
          stopDeadline?.();
          signal?.removeEventListener('abort', onAbort);
        },
      );
      const onAbort = (): void => reader.cancel(abortError(signal as AbortSignal));
      // `open` throws when the link is closed or draining, and that rejects this promise.
      reader.bind(this.link.open(request, reader));
      signal?.addEventListener('abort', onAbort, { once: true });
      if (deadlineMs !== undefined) {
        stopDeadline = Deadlines.shared.after(deadlineMs, () =>
          reader.cancel(new ConduitError('EXECUTION_TIMEOUT')),
        );
      }
    });
  }
}

/** END comes behind the body: what there is of one is read and dropped. */
export async function trailerOf(reply: LinkReplyReader): Promise<object> {
  for await (const fragment of reply.body) void fragment;
  return reply.end;
}

function abortError(signal: AbortSignal): ConduitError {
  return signal.reason instanceof ConduitError ? signal.reason : new ConduitError('CLIENT_GONE');
}
