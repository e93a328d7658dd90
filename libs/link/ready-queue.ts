/** Streams that have a frame to send, in the order of their turns. A stream is in at most one queue. */
import type { LinkStream } from '#libs/link/link-stream.js';

export class ReadyQueue {
  first: LinkStream | undefined;
  private last: LinkStream | undefined;

  append(stream: LinkStream): void {
    stream.isQueued = true;
    if (this.last === undefined) this.first = stream;
    else this.last.nextReady = stream;
    this.last = stream;
  }

  /** Call only when there is a first one. */
  shift(): LinkStream {
    const stream = this.first as LinkStream;
    this.first = stream.nextReady;
    if (this.first === undefined) this.last = undefined;
    stream.nextReady = undefined;
    stream.isQueued = false;
    return stream;
  }

  clear(): void {
    this.first = this.last = undefined;
  }
}
