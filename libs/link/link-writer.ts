/**
 * The one writer of a link. Frames that arise within one turn of the event loop leave together in
 * as few messages as possible; streams take turns of one fragment each, those that may wait behind
 * the others; nothing is given to a socket that still holds more than the high-water mark, so a slow line costs no memory.
 */
import { BATCH_BYTES } from '#libs/link/frame.js';
import { FrameBatch, NO_PAYLOAD } from '#libs/link/frame-batch.js';
import type { LinkSocket } from '#libs/link/link-socket.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import { ReadyQueue } from '#libs/link/ready-queue.js';

interface ControlFrame {
  type: number;
  streamId: number;
  payload: Uint8Array;
}

/** Of so many turns one is a bulk stream's, whoever else is ready: it always gets on. */
const BULK_TURN = 8;

const batch = new FrameBatch();

export class LinkWriter {
  private readonly control: ControlFrame[] = [];
  private readonly urgent = new ReadyQueue();
  private readonly bulk = new ReadyQueue();
  private turns = 0;
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
      this.queueOf(stream).append(stream);
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
    this.urgent.clear();
    this.bulk.clear();
  }

  private get hasWork(): boolean {
    if (this.isStopped) return false;
    const isReady = this.urgent.first !== undefined || this.bulk.first !== undefined;
    return isReady || this.control.length > 0 || this.farewell !== undefined;
  }

  private schedule(): void {
    if (this.hasWork) this.nudge();
  }

  private fill(): void {
    for (const frame of this.control) batch.add(frame.type, 0, frame.streamId, frame.payload);
    this.control.length = 0;
    while (batch.bytes < BATCH_BYTES) {
      const stream = this.next();
      if (stream === undefined) break;
      // What was ready may have waited for its turn while its allowance shrank.
      if (stream.isOver || !stream.outbox.isReady) continue;
      stream.take(batch);
      if (stream.outbox.isReady) this.queueOf(stream).append(stream);
    }
    if (this.farewell !== undefined && !this.hasUnopened) {
      batch.add(this.farewell, 0, 0, NO_PAYLOAD);
      this.farewell = undefined;
    }
  }

  /** Whether an open frame waits; asked only while draining. */
  private get hasUnopened(): boolean {
    // Only requests open streams, and those are never bulk.
    for (let stream = this.urgent.first; stream !== undefined; stream = stream.nextReady) {
      if (!stream.isOver && !stream.outbox.isOpened) return true;
    }
    return false;
  }

  private next(): LinkStream | undefined {
    this.turns += 1;
    const isBulkTurn = this.turns % BULK_TURN === 0;
    const [first, second] = isBulkTurn ? [this.bulk, this.urgent] : [this.urgent, this.bulk];
    if (first.first !== undefined) return first.shift();
    return second.first === undefined ? undefined : second.shift();
  }

  private queueOf(stream: LinkStream): ReadyQueue {
    return stream.isBulk ? this.bulk : this.urgent;
  }
}
