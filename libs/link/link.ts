/**
 * One link: many concurrent streams over one message socket, each with its own window of credit,
 * so that a large result to a slow reader holds one window of memory and delays nobody.
 * Symmetrical: both sides open and accept streams. A peer that breaks the protocol loses the link,
 * never the process; a silent one is found dead within 30 s; `drain` lets running streams finish.
 */
import { EventEmitter } from 'node:events';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FrameType, readFrames, type ResetReason } from '#libs/link/frame.js';
import { BulkShare } from '#libs/link/bulk-share.js';
import { HeartbeatWheel, type Heartbeat } from '#libs/link/heartbeat-wheel.js';
import { type FrameReceiver, InboundFrames } from '#libs/link/inbound-frames.js';
import { DEFAULT_LIMITS, type LinkLimits } from '#libs/link/link-limits.js';
import type { LinkSocket } from '#libs/link/link-socket.js';
import { LinkStream, type StreamListener } from '#libs/link/link-stream.js';
import { LinkWriter } from '#libs/link/link-writer.js';
import { StreamTable } from '#libs/link/stream-table.js';

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

export class Link extends EventEmitter<LinkEvents> implements FrameReceiver, Heartbeat {
  readonly limits: LinkLimits;
  readonly assembly = { usedBytes: 0 };
  private readonly table: StreamTable;
  private readonly bulk: BulkShare;
  private readonly frames: InboundFrames;
  private readonly writer: LinkWriter;
  private readonly wheel: HeartbeatWheel;
  private acceptStream: ((stream: LinkStream) => void) | undefined;
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
    this.table = new StreamTable(side === 'dialler' ? 1 : 2);
    this.bulk = new BulkShare(this.limits.windowBytes, () => this.table.inboundSize);
    this.frames = new InboundFrames(this.table, this);
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
    return this.table.size;
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
    const stream = new LinkStream(this, this.table.takeId(), true);
    this.table.add(stream);
    stream.listen(listener);
    stream.sendRequest(request);
    // Ids are never used twice; before they run out the link is replaced by a fresh one.
    if (this.table.isExhausted(this.limits.maxStreamId)) this.announceDrain();
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

  sendPong(): void {
    this.writer.sendControl(FrameType.pong, 0);
  }

  takeStream(stream: LinkStream): boolean {
    const isFull = this.table.inboundSize > this.limits.maxInboundStreams;
    if (this.acceptStream === undefined || this.drainAnnounced || isFull) return false;
    this.acceptStream(stream);
    return true;
  }

  noteBulk(stream: LinkStream): void {
    this.bulk.add(stream);
  }

  retire(stream: LinkStream): void {
    this.table.retire(stream);
    this.bulk.retire(stream);
    if (stream.outbox.isFinished) this.frames.forgive(1);
    if (this.drainAnnounced) this.writer.nudge();
  }

  beat(tick: number): void {
    this.frames.forgive(FORGIVEN_PER_BEAT);
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
    const problem = this.frames.receive(type, flags, id, payload);
    if (problem !== undefined) this.breach(problem);
    return this.closure === undefined;
  };

  /** The other side takes no more requests and will send none. */
  receiveGoaway(): string | undefined {
    if (this.peerDrains) return 'goaway twice';
    this.peerDrains = true;
    // The answer tells the other side that no request of this one is still on its way.
    this.announceDrain();
    this.writer.nudge();
    this.emit('goaway');
    return undefined;
  }

  private announceDrain(): void {
    if (this.drainAnnounced) return;
    this.drainAnnounced = true;
    this.writer.sendFarewell(FrameType.goaway);
  }

  /** Called when the writer has nothing left: what the last stream queued has gone. */
  private closeWhenDrained(): void {
    const isSilent = this.drainAnnounced && this.peerDrains;
    if (isSilent && this.table.size === 0) this.shut({ reason: 'drained' }, CLOSE_NORMAL);
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
    for (const stream of this.table.all()) stream.cut(this.closedError());
    this.emit('close', closure);
  }

  private closedError(): ConduitError {
    return new ConduitError('LINK_CLOSED', { facts: { reason: this.closure?.reason ?? 'closed' } });
  }
}
