/** A peer that sends whatever frames a test wants, well-formed or not, to a real link. */
import { readFrames } from '#libs/link/frame.js';
import { FrameBatch } from '#libs/link/frame-batch.js';
import { Link, type LinkClosure, type LinkOptions } from '#libs/link/link.js';
import { aSocketPair, type PretendSocket } from '#libs/link/socket-pair.fixture.js';

export interface RawFrame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
}

export class RawPeer {
  /** The link under test, on the listener's side: the raw peer uses odd stream ids. */
  readonly link: Link;
  /** How the link ended, once it has. */
  closure: LinkClosure | undefined;
  /** What the link sent. */
  readonly frames: RawFrame[] = [];
  private readonly socket: PretendSocket;

  constructor(options: Partial<LinkOptions> = {}) {
    const [near, far] = aSocketPair();
    this.socket = far;
    this.link = new Link(near, { ...options, side: 'listener' });
    this.link.once('close', (closure) => (this.closure = closure));
    far.on('message', (message: Buffer) => {
      readFrames(message, 0xffff, (type, flags, id, payload) => {
        this.frames.push({ type, flags, id, payload });
        return true;
      });
    });
  }

  /** Sends one frame and lets it be handled. */
  async send(
    type: number,
    flags: number,
    id: number,
    payload: Uint8Array = Buffer.alloc(0),
  ): Promise<void> {
    const batch = new FrameBatch();
    batch.add(type, flags, id, payload);
    await this.sendBytes(batch.take());
  }

  async sendBytes(message: Buffer): Promise<void> {
    this.socket.send(message, () => undefined);
    await settled();
  }

  async sendText(text: string): Promise<void> {
    this.socket.other.emit('message', text, false);
    await settled();
  }

  framesOf(type: number): RawFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }
}

/** Lets everything that is under way in this process be handled. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise(setImmediate);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
