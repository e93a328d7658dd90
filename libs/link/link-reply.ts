/**
 * How a handler answers: a plain object is one END message; a `StreamedReply` is HEAD, BODY and
 * END, produced as fast as the caller takes them.
 */

/** The answer to a request, in the order in which its parts travel. */
export interface LinkReply {
  /** Small JSON that the caller may see before any of the body. */
  head?: object;
  /** Opaque bytes; pulled only while the caller has credit, and closed when the caller leaves. */
  body?: AsyncIterable<Uint8Array>;
  /** Called once the body has ended; JSON trailer, at most 16 MB. */
  end(): object | Promise<object>;
}

export class StreamedReply implements LinkReply {
  readonly head?: object;
  readonly body?: AsyncIterable<Uint8Array>;
  private readonly finish: () => object | Promise<object>;

  constructor(reply: LinkReply) {
    if (reply.head !== undefined) this.head = reply.head;
    if (reply.body !== undefined) this.body = reply.body;
    this.finish = () => reply.end();
  }

  end(): object | Promise<object> {
    return this.finish();
  }
}
