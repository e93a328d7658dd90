/**
 * Gathers frames and writes them into one message. One batch object serves every link of the
 * process: a link fills it and takes the message within one call, so idle links own no buffer.
 */
import { HEADER_BYTES } from '#libs/link/frame.js';

interface PlannedFrame {
  type: number;
  flags: number;
  streamId: number;
  payload: Uint8Array;
}

export const NO_PAYLOAD = Buffer.alloc(0);

export class FrameBatch {
  private readonly frames: PlannedFrame[] = [];
  private plannedBytes = 0;

  /** Length of the message that `take` would return now. */
  get bytes(): number {
    return this.plannedBytes;
  }

  add(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.frames.push({ type, flags, streamId, payload });
    this.plannedBytes += HEADER_BYTES + payload.length;
  }

  /** The message; the payloads are copied into it, and the batch is empty again. */
  take(): Buffer {
    const message = Buffer.allocUnsafe(this.plannedBytes);
    let offset = 0;
    for (const frame of this.frames) {
      const length = frame.payload.length;
      message[offset] = frame.type;
      message[offset + 1] = frame.flags;
      message.writeUInt16BE(length, offset + 2);
      message.writeUInt32BE(frame.streamId, offset + 4);
      message.set(frame.payload, offset + HEADER_BYTES);
      offset += HEADER_BYTES + length;
    }
    this.frames.length = 0;
    this.plannedBytes = 0;
    return message;
  }
}
