/**
 * The one writer of a link. Frames that arise within one turn of the event loop leave together in
 * as few messages as possible; streams take turns of one fragment each; nothing is given to a
 * socket that still holds more than the high-water mark, so a slow line costs no memory.
 */
import { BATCH_BYTES } from '#libs/link/frame.js';
import { FrameBatch, NO_PAYLOAD } from '#libs/link/frame-batch.js';
import type { LinkSocket } from '#libs/link/link-socket.js';
import type { LinkStream } from '#libs/link/link-stream.js';

interface ControlFrame {
  type: number;
  streamId: number;
  payload: Uint8Array;
}

const batch = new FrameBatch();

export class LinkWriter {
  private readonly control: ControlFrame[] = [];
  private firstReady: LinkStream | undefined;
  private lastReady: LinkStream | undefined;
  private farewell: number | undefined;
  private isScheduled = false;
  private isStopped = false;
  private readonly flushLater = (): void => this.flush();
  private readonly onSent = (error?: Error): void => {
    if (error === undefined || error === null) this.schedule();
  };

  constructor(
    private readonly socket: LinkSocket,
    private readonly highWaterBytes: number,
    /** Called after a flush that left nothing to send. */
    private readonly onIdle: () => void,
  ) {}

  /** Queues a frame that needs no credit; these go before the streams' frames. */
  sendControl(type: number, streamId: number, payload: Uint8Array = NO_PAYLOAD): void {
    this.control.push({ type, streamId, payload });
    this.schedule();
  }

  /** Queues a frame that says that no open frame follows it: it leaves behind those that wait. */
  sendFarewell(type: number): void {
    this.farewell = type;
    this.schedule();
  }

  /** Gives the stream a turn when it has something that may leave. */
  wake(stream: LinkStream): void {
    if (!stream.isQueued && stream.outbox.isReady) {
      this.append(stream);
      this.schedule();
    }
  }

  /** Has `onIdle` called soon, even when there is nothing to send. */
  nudge(): void {
    if (this.isScheduled || this.isStopped) return;
    this.isScheduled = true;
    setImmediate(this.flushLater);
  }

  private flush(): void {
    this.isScheduled = false;
    while (this.hasWork && this.socket.bufferedAmount < this.highWaterBytes) {
      this.fill();
      if (batch.bytes > 0) this.socket.send(batch.take(), this.onSent);
    }
    if (!this.hasWork && !this.isStopped) this.onIdle();
  }

  stop(): void {
    this.isStopped = true;
    this.control.length = 0;
    this.firstReady = this.lastReady = undefined;
  }

  private get hasWork(): boolean {
    if (this.isStopped) return false;
    return this.control.length > 0 || this.firstReady !== undefined || this.farewell !== undefined;
  }

  private schedule(): void {
    if (this.hasWork) this.nudge();
  }

  private fill(): void {
    for (const frame of this.control) batch.add(frame.type, 0, frame.streamId, frame.payload);
    this.control.length = 0;
    while (this.firstReady !== undefined && batch.bytes < BATCH_BYTES) {
      const stream = this.shift();
      if (stream.isOver) continue;
      stream.take(batch);
      if (stream.outbox.isReady) this.append(stream);
    }
    if (this.farewell !== undefined && !this.hasUnopened) {
      batch.add(this.farewell, 0, 0, NO_PAYLOAD);
      this.farewell = undefined;
    }
  }

  /** Whether an open frame waits; asked only while draining. */
  private get hasUnopened(): boolean {
    for (let stream = this.firstReady; stream !== undefined; stream = stream.nextReady) {
      if (!stream.isOver && !stream.outbox.isOpened) return true;
    }
    return false;
  }

  private append(stream: LinkStream): void {
    stream.isQueued = true;
    if (this.lastReady === undefined) this.firstReady = stream;
    else this.lastReady.nextReady = stream;
    this.lastReady = stream;
  }

  private shift(): LinkStream {
    const stream = this.firstReady as LinkStream;
    this.firstReady = stream.nextReady;
    if (this.firstReady === undefined) this.lastReady = undefined;
    stream.nextReady = undefined;
    stream.isQueued = false;
    return stream;
  }
}
