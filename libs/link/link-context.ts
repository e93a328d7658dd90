/** What a handler learns about the link its request came on, as `@Ctx()`. */
import { BaseRpcContext } from '@nestjs/microservices';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import type { Link } from '#libs/link/link.js';

export class LinkContext<Peer = unknown> extends BaseRpcContext<[Link, Peer]> {
  private controller: AbortController | undefined;
  private cause: ConduitError | undefined;

  constructor(
    readonly link: Link,
    /** Who is at the other end, as the caller of `LinkServer.attach` said. */
    readonly peer: Peer,
    /** `meta.requestId` of the request, if it is a string. */
    readonly requestId?: string,
    private readonly stream?: LinkStream,
  ) {
    super([link, peer]);
  }

  /**
   * Aborts when the caller cancels (CLIENT_GONE) or the link is cut (LINK_CLOSED); the reason is
   * that ConduitError. Made on first use: most handlers of small requests never look.
   */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cause !== undefined) this.controller.abort(this.cause);
    return this.controller.signal;
  }

  /** The answer is large and may wait: answers to other requests on this link go first. */
  yieldToOthers(): void {
    this.stream?.yieldToOthers();
  }

  /** For the server: nobody waits for the answer any more. */
  abort(cause: ConduitError): void {
    this.cause = cause;
    this.controller?.abort(cause);
  }
}
