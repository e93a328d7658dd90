/**
 * What each frame from the other side does. A frame that no honest peer would send is answered
 * with the reason, in our own words, for which the link must end.
 */
import { FrameType, Kind, KIND_MASK, ResetReason } from '#libs/link/frame.js';
import { resetError } from '#libs/link/link-error.js';
import { LinkStream, type StreamCarrier } from '#libs/link/link-stream.js';
import type { StreamTable } from '#libs/link/stream-table.js';

/** What the frames need of their link. */
export interface FrameReceiver extends StreamCarrier {
  /** Takes a new stream, or returns false to have it refused. */
  takeStream(stream: LinkStream): boolean;
  sendPong(): void;
  /** @returns a breach of the protocol, if it is one */
  receiveGoaway(): string | undefined;
}

export class InboundFrames {
  private strikes = 0;

  constructor(
    private readonly table: StreamTable,
    private readonly receiver: FrameReceiver,
  ) {}

  /** @returns why the link must end, if it must */
  receive(type: number, flags: number, id: number, payload: Buffer): string | undefined {
    switch (type) {
      case FrameType.open:
        return this.open(flags, id, payload);
      case FrameType.data:
        return this.data(flags, id, payload);
      case FrameType.credit:
        return this.credit(id, payload.readUInt32BE(0));
      case FrameType.reset:
        return this.reset(id, payload[0] as number);
      case FrameType.ping:
        this.receiver.sendPong();
        return this.strike();
      case FrameType.pong:
        return this.strike();
      default:
        return this.receiver.receiveGoaway();
    }
  }

  /** Forgets this many strikes: time has passed, or a stream ended as it should. */
  forgive(strikes: number): void {
    this.strikes = Math.max(0, this.strikes - strikes);
  }

  private open(flags: number, id: number, payload: Buffer): string | undefined {
    const problem = this.table.checkInboundId(id);
    if (problem !== undefined) return problem;
    if ((flags & KIND_MASK) !== Kind.request) return 'open without a request';
    const stream = new LinkStream(this.receiver, id, false);
    this.table.add(stream);
    if (this.receiver.takeStream(stream)) return stream.receive(flags, payload);
    const breach = stream.receive(flags, payload);
    stream.reset(ResetReason.refused);
    return breach ?? this.strike();
  }

  private data(flags: number, id: number, payload: Buffer): string | undefined {
    const stream = this.table.find(id);
    if (stream !== undefined) {
      return stream.outbox.isOpened ? stream.receive(flags, payload) : 'data on an unopened stream';
    }
    if (!this.table.wasOpened(id)) return 'data on an unopened stream';
    return this.table.allowsLateData(payload.length) ? undefined : 'data on a closed stream';
  }

  private credit(id: number, bytes: number): string | undefined {
    const stream = this.table.find(id);
    if (stream === undefined) {
      const isLate = this.table.wasOpened(id) && this.table.allowsLateCredit(bytes);
      return isLate ? undefined : 'credit never used';
    }
    if (!stream.outbox.grant(bytes)) return 'credit overflow';
    this.receiver.wake(stream);
    return undefined;
  }

  private reset(id: number, reason: number): string | undefined {
    if (!this.table.wasOpened(id)) return 'reset of an unopened stream';
    const stream = this.table.find(id);
    stream?.cut(resetError(reason, stream.isOpener));
    return this.strike();
  }

  /** Counts what costs this side more than the other (rapid reset); floods end the link. */
  private strike(): string | undefined {
    return ++this.strikes > this.receiver.limits.maxStrikes ? 'flood' : undefined;
  }
}
