/**
 * One link: many concurrent streams over one message socket, each with its own window of credit,
 * so that a large result to a slow reader holds one window of memory and delays nobody.
 * Symmetrical: both sides open and accept streams. A peer that breaks the protocol loses the link,
 * never the process; a silent one is found dead within 30 s; `drain` lets running streams finish.
 */
import { EventEmitter } from 'node:events';
import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  FRAGMENT_COST_BYTES,
  FrameType,
  Kind,
  KIND_MASK,
  readFrames,
  ResetReason,
} from '#libs/link/frame.js';
import { HeartbeatWheel, type Heartbeat } from '#libs/link/heartbeat-wheel.js';
import { LateFrames } from '#libs/link/late-frames.js';
import { DEFAULT_LIMITS, type LinkLimits } from '#libs/link/link-limits.js';
import type { LinkSocket } from '#libs/link/link-socket.js';
import { LinkStream, type StreamCarrier, type StreamListener } from '#libs/link/link-stream.js';
import { LinkWriter } from '#libs/link/link-writer.js';
import { resetError } from '#libs/link/link-error.js';

export interface LinkOptions extends Partial<LinkLimits> {
  /** Which end this is; it decides who uses odd stream ids (the dialler) and who even ones. */
  side: 'dialler' | 'listener';
  /** The timer of the heartbeats; one for the whole process unless a test brings its own. */
  wheel?: HeartbeatWheel;
}

/** Why a link ended. `detail` is in our own words and safe to log. */
export interface LinkClosure {
  reason: 'closed' | 'drained' | 'lost' | 'silent' | 'protocol' | 'terminated';
  detail?: string;
}

export interface LinkEvents {
  /** Once; running streams have been cut with LINK_CLOSED before. */
  close: [LinkClosure];
  /** The other side drains: no new streams either way, running ones finish. */
  goaway: [];
}

const CLOSE_NORMAL = 1000;
const CLOSE_PROTOCOL = 1002;

/** Strikes forgiven at each heartbeat, that is 200 a second. */
const FORGIVEN_PER_BEAT = 1_000;

export class Link extends EventEmitter<LinkEvents> implements StreamCarrier, Heartbeat {
  readonly limits: LinkLimits;
  readonly assembly = { usedBytes: 0 };
  private readonly streams = new Map<number, LinkStream>();
  private readonly writer: LinkWriter;
  private readonly wheel: HeartbeatWheel;
  private readonly late = new LateFrames();
  private acceptStream: ((stream: LinkStream) => void) | undefined;
  private nextId: number;
  private lastInboundId = 0;
  private inboundStreams = 0;
  private strikes = 0;
  private heardAt: number;
  private pingedAt = 0;
  private drainAnnounced = false;
  private peerDrains = false;
  private closure: LinkClosure | undefined;

  constructor(
    private readonly socket: LinkSocket,
    { side, wheel = HeartbeatWheel.shared, ...overrides }: LinkOptions,
  ) {
    super();
    this.limits =
      Object.keys(overrides).length === 0 ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...overrides };
    this.nextId = side === 'dialler' ? 1 : 2;
    this.writer = new LinkWriter(socket, this.limits.highWaterBytes, () => this.closeWhenDrained());
    this.wheel = wheel;
    this.heardAt = wheel.now;
    wheel.add(this);
    socket.on('message', (message, isBinary) => this.onMessage(message, isBinary));
    socket.on('close', (code) => this.onSocketClose(code));
    // The close event that follows says all there is to say; without a listener ws would throw.
    socket.on('error', () => undefined);
  }

  /** `draining` means that `open` is refused while running streams finish. */
  get state(): 'open' | 'draining' | 'closed' {
    if (this.closure !== undefined) return 'closed';
    return this.drainAnnounced ? 'draining' : 'open';
  }

  /** Streams running now, in both directions. */
  get activeStreams(): number {
    return this.streams.size;
  }

  /** Sets who answers the other side's requests. Until then they are refused. */
  accept(handler: (stream: LinkStream) => void): void {
    this.acceptStream = handler;
  }

  /**
   * Opens a stream with a request.
   *
   * @throws ConduitError LINK_CLOSED; LINK_REFUSED when either side drains (nothing was sent)
   */
  open(request: readonly Uint8Array[], listener: StreamListener): LinkStream {
    if (this.closure !== undefined) throw this.closedError();
    if (this.state === 'draining') throw new ConduitError('LINK_REFUSED');
    const stream = new LinkStream(this, this.nextId, true);
    this.nextId += 2;
    this.streams.set(stream.id, stream);
    stream.listen(listener);
    stream.sendRequest(request);
    // Ids are never used twice; before they run out the link is replaced by a fresh one.
    if (this.nextId > this.limits.maxStreamId) this.announceDrain();
    return stream;
  }

  /**
   * Takes no more streams, lets running ones finish, then closes.
   *
   * @param deadlineMs milliseconds after which what still runs is cut
   */
  drain(deadlineMs: number): Promise<void> {
    if (this.closure !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.terminate(), deadlineMs);
      this.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.announceDrain();
    });
  }

  /** Closes at once and politely; running streams are cut. */
  close(): void {
    this.shut({ reason: 'closed' }, CLOSE_NORMAL);
  }

  /** Drops the connection at once; nothing that arrives later is looked at. */
  terminate(): void {
    this.shut({ reason: 'terminated' });
  }

  // Called by streams and by the wheel, not by users of a link.

  wake(stream: LinkStream): void {
    this.writer.wake(stream);
  }

  sendCredit(streamId: number, bytes: number): void {
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(bytes, 0);
    this.writer.sendControl(FrameType.credit, streamId, payload);
  }

  sendReset(streamId: number, reason: ResetReason): void {
    this.writer.sendControl(FrameType.reset, streamId, Buffer.of(reason));
  }

  retire(stream: LinkStream): void {
    this.streams.delete(stream.id);
    this.late.expect(stream.inbox.lateBytes, stream.outbox.owedCreditBytes);
    if (!stream.isOpener) this.inboundStreams--;
    if (stream.outbox.isFinished && this.strikes > 0) this.strikes--;
    if (this.drainAnnounced) this.writer.nudge();
  }

  beat(tick: number): void {
    this.strikes = Math.max(0, this.strikes - FORGIVEN_PER_BEAT);
    const silence = tick - this.heardAt;
    if (silence >= this.limits.deadAfterTicks) {
      this.shut({ reason: 'silent' });
    } else if (
      silence >= this.limits.pingAfterTicks &&
      tick - this.pingedAt >= this.limits.pingAfterTicks
    ) {
      this.pingedAt = tick;
      this.writer.sendControl(FrameType.ping, 0);
    }
  }

  private onMessage(message: unknown, isBinary: boolean): void {
    if (this.closure !== undefined) return;
    this.heardAt = this.wheel.now;
    if (!isBinary || !Buffer.isBuffer(message)) return this.breach('text message');
    const problem = readFrames(message, this.limits.fragmentBytes, this.onFrame);
    if (problem !== undefined) this.breach(problem);
  }

  private readonly onFrame = (
    type: number,
    flags: number,
    id: number,
    payload: Buffer,
  ): boolean => {
    const problem = this.dispatch(type, flags, id, payload);
    if (problem !== undefined) this.breach(problem);
    return this.closure === undefined;
  };

  private dispatch(type: number, flags: number, id: number, payload: Buffer): string | undefined {
    switch (type) {
      case FrameType.open:
        return this.onOpen(flags, id, payload);
      case FrameType.data:
        return this.onData(flags, id, payload);
      case FrameType.credit:
        return this.onCredit(id, payload.readUInt32BE(0));
      case FrameType.reset:
        return this.onReset(id, payload[0] as number);
      case FrameType.ping:
        this.writer.sendControl(FrameType.pong, 0);
        return this.strike();
      case FrameType.pong:
        return this.strike();
      default:
        return this.onGoaway();
    }
  }

  private onOpen(flags: number, id: number, payload: Buffer): string | undefined {
    if (id % 2 === this.nextId % 2) return 'stream id of the wrong side';
    if (id <= this.lastInboundId) return 'stream id used again';
    if ((flags & KIND_MASK) !== Kind.request) return 'open without a request';
    this.lastInboundId = id;
    const stream = new LinkStream(this, id, false);
    this.streams.set(id, stream);
    this.inboundStreams++;
    if (this.isRefusing) {
      const problem = stream.receive(flags, payload);
      stream.reset(ResetReason.refused);
      return problem ?? this.strike();
    }
    this.acceptStream?.(stream);
    return stream.receive(flags, payload);
  }

  private onData(flags: number, id: number, payload: Buffer): string | undefined {
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      return stream.outbox.isOpened ? stream.receive(flags, payload) : 'data on an unopened stream';
    }
    if (!this.wasOpened(id)) return 'data on an unopened stream';
    return this.late.data(payload.length + FRAGMENT_COST_BYTES)
      ? undefined
      : 'data on a closed stream';
  }

  private onCredit(id: number, bytes: number): string | undefined {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      return this.wasOpened(id) && this.late.credit(bytes) ? undefined : 'credit never used';
    }
    if (!stream.outbox.grant(bytes)) return 'credit overflow';
    this.writer.wake(stream);
    return undefined;
  }

  private onReset(id: number, reason: number): string | undefined {
    if (!this.wasOpened(id)) return 'reset of an unopened stream';
    const stream = this.streams.get(id);
    stream?.cut(resetError(reason, stream.isOpener));
    return this.strike();
  }

  private onGoaway(): string | undefined {
    if (this.peerDrains) return 'goaway twice';
    this.peerDrains = true;
    // The answer tells the other side that no request of this one is still on its way.
    this.announceDrain();
    this.writer.nudge();
    this.emit('goaway');
    return undefined;
  }

  private get isRefusing(): boolean {
    return (
      this.acceptStream === undefined ||
      this.drainAnnounced ||
      this.inboundStreams > this.limits.maxInboundStreams
    );
  }

  private wasOpened(id: number): boolean {
    return id % 2 === this.nextId % 2 ? id < this.nextId : id <= this.lastInboundId;
  }

  /** Counts what costs this side more than the other (rapid reset); floods end the link. */
  private strike(): string | undefined {
    return ++this.strikes > this.limits.maxStrikes ? 'flood' : undefined;
  }

  private announceDrain(): void {
    if (this.drainAnnounced) return;
    this.drainAnnounced = true;
    this.writer.sendFarewell(FrameType.goaway);
  }

  /** Called when the writer has nothing left: what the last stream queued has gone. */
  private closeWhenDrained(): void {
    const isSilent = this.drainAnnounced && this.peerDrains;
    if (isSilent && this.streams.size === 0) this.shut({ reason: 'drained' }, CLOSE_NORMAL);
  }

  private breach(detail: string): void {
    this.shut({ reason: 'protocol', detail }, CLOSE_PROTOCOL);
  }

  private onSocketClose(code: number): void {
    if (code === CLOSE_PROTOCOL) {
      this.shut({ reason: 'protocol', detail: 'reported by the other side' });
    } else if (code !== CLOSE_NORMAL) {
      this.shut({ reason: 'lost' });
    } else {
      this.shut({ reason: this.state === 'draining' ? 'drained' : 'closed' });
    }
  }

  private shut(closure: LinkClosure, code?: number): void {
    if (this.closure !== undefined) return;
    this.closure = closure;
    this.wheel.remove(this);
    this.writer.stop();
    if (code === undefined) this.socket.terminate();
    else this.socket.close(code);
    for (const stream of [...this.streams.values()]) stream.cut(this.closedError());
    this.emit('close', closure);
  }

  private closedError(): ConduitError {
    return new ConduitError('LINK_CLOSED', { facts: { reason: this.closure?.reason ?? 'closed' } });
  }
}
