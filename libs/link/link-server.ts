/**
 * Serves the other side's requests: streams that arrive on any attached link are dispatched to
 * `@MessagePattern` and `@EventPattern` handlers, so Nest's guards, pipes and interceptors apply.
 * The caller learns a catalogue code and its facts, never an error's text. A handler whose caller
 * has gone is told by `LinkContext.signal`, and its reply body is closed.
 */
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Link } from '#libs/link/link.js';
import { LinkContext } from '#libs/link/link-context.js';
import { encodeError } from '#libs/link/link-error.js';
import { decodeRequest, isPlainObject, type LinkRequest } from '#libs/link/link-request.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import { sendReply } from '#libs/link/send-reply.js';
import { detach } from '#libs/link/stream-inbox.js';

export interface LinkServerOptions {
  /** Told about errors that are not ConduitErrors; the caller only sees INTERNAL. Never log its text. */
  onUnexpectedError?: (error: unknown, pattern: string) => void;
  /**
   * Asked before each request is handled; what it throws is the answer. What it returns is called
   * once, when the request has ended.
   */
  enter?: (peer: unknown, pattern: string) => () => void;
}

export class LinkServer extends Server implements CustomTransportStrategy {
  private readonly links = new Set<Link>();
  private isListening = false;

  constructor(private readonly options: LinkServerOptions = {}) {
    super();
  }

  /**
   * Serves the requests that come on this link, until it closes. A link may be attached before
   * `listen`; its requests are refused until then.
   *
   * @param peer what handlers find as `LinkContext.peer`: the identity proven at the handshake
   */
  attach(link: Link, peer: unknown): void {
    if (link.state === 'closed') return;
    this.links.add(link);
    link.once('close', () => this.links.delete(link));
    link.accept((stream) => this.receive(link, peer, stream));
  }

  override listen(callback: () => void): void {
    this.isListening = true;
    callback();
  }

  /** Stops serving; every attached link is closed. Drain links first to let requests finish. */
  override close(): void {
    this.isListening = false;
    for (const link of this.links) link.close();
  }

  override on(): void {
    throw new Error('a LinkServer has no events; listen to its links');
  }

  override unwrap<T>(): T {
    return this.links as T;
  }

  private receive(link: Link, peer: unknown, stream: LinkStream): void {
    let context: LinkContext | undefined;
    stream.listen({
      message: (_kind, payload) => {
        const request = this.parse(stream, payload);
        if (request === undefined) return;
        context = new LinkContext(link, peer, requestIdOf(request), stream);
        void this.serve(stream, request, context);
      },
      fragment: () => undefined,
      cut: (error) => context?.abort(error),
    });
  }

  private parse(stream: LinkStream, payload: Buffer): LinkRequest | undefined {
    try {
      if (!this.isListening) throw new ConduitError('LINK_REFUSED');
      // The handler may hold the body for as long as the query runs.
      return decodeRequest(detach(payload));
    } catch (error) {
      stream.sendError(encodeError(error));
      return undefined;
    }
  }

  private async serve(
    stream: LinkStream,
    request: LinkRequest,
    context: LinkContext,
  ): Promise<void> {
    let leave: (() => void) | undefined;
    try {
      leave = this.options.enter?.(context.peer, request.pattern);
      const handler = this.handlerFor(request);
      if (request.isEvent) stream.sendEnd(EMPTY_OBJECT);
      // Nest types the hook as void, yet it returns what the callback does.
      const served: unknown = this.onProcessingStartHook(
        this.transportId as never,
        context,
        async () => {
          const result = await settle(await handler(request, context));
          if (!request.isEvent) await sendReply(stream, result);
        },
      );
      await served;
    } catch (error) {
      if (!(error instanceof ConduitError))
        this.options.onUnexpectedError?.(error, request.pattern);
      stream.sendError(encodeError(error));
    } finally {
      leave?.();
      this.onProcessingEndHook?.(this.transportId as never, context);
    }
  }

  private handlerFor(request: LinkRequest): MessageHandler {
    const handler = this.messageHandlers.get(request.pattern);
    if (handler === undefined || (handler.isEventHandler ?? false) !== request.isEvent) {
      throw new ConduitError('LINK_PATTERN_UNKNOWN');
    }
    return handler;
  }
}

const EMPTY_OBJECT = Buffer.from('{}');

/** Interceptors make observables; the last value counts, and none counts as an empty answer. */
function settle(result: unknown): unknown {
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
}

function requestIdOf(request: LinkRequest): string | undefined {
  const id = isPlainObject(request.meta) ? request.meta['requestId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
