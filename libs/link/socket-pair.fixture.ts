/**
 * Two pretend sockets joined back to back, for tests of the link without a network. Messages
 * arrive asynchronously and in order; a stalled side keeps what it was given, as a slow line does.
 */
import { EventEmitter } from 'node:events';
import { Link, type LinkOptions } from '#libs/link/link.js';
import type { LinkSocket } from '#libs/link/link-socket.js';

interface Sent {
  message: Uint8Array;
  sent: (error?: Error) => void;
}

export class PretendSocket extends EventEmitter implements LinkSocket {
  other!: PretendSocket;
  bufferedAmount = 0;
  /** Every message given to `send`. */
  readonly messages: Uint8Array[] = [];
  closeCode: number | undefined;
  private readonly queue: Sent[] = [];
  private isStalled = false;

  send(message: Uint8Array, sent: (error?: Error) => void): void {
    if (this.closeCode !== undefined) return void setImmediate(sent, new Error('closed'));
    this.messages.push(message);
    this.queue.push({ message, sent });
    this.bufferedAmount += message.length;
    setImmediate(() => this.deliver());
  }

  /** Nothing gets through until `resume`. */
  stall(): void {
    this.isStalled = true;
  }

  resume(): void {
    this.isStalled = false;
    this.deliver();
  }

  close(code: number): void {
    this.end(code);
  }

  terminate(): void {
    this.end(1006);
  }

  private deliver(): void {
    while (!this.isStalled && this.queue.length > 0) {
      const { message, sent } = this.queue.shift() as Sent;
      this.bufferedAmount -= message.length;
      // A copy, as from a network: the receiver may not share memory with the sender.
      this.other.emit('message', Buffer.from(message), true);
      sent();
    }
  }

  private end(code: number): void {
    if (this.closeCode !== undefined) return;
    this.closeCode = code;
    setImmediate(() => {
      this.deliver();
      this.emit('close', code);
      this.other.end(code);
    });
  }
}

export function aSocketPair(): [PretendSocket, PretendSocket] {
  const near = new PretendSocket();
  const far = new PretendSocket();
  near.other = far;
  far.other = near;
  return [near, far];
}

/** Two links over a socket pair: what the dialler holds and what the listener holds. */
export function aLinkPair(options: Partial<LinkOptions> = {}): {
  dialler: Link;
  listener: Link;
  diallerSocket: PretendSocket;
  listenerSocket: PretendSocket;
} {
  const [diallerSocket, listenerSocket] = aSocketPair();
  return {
    dialler: new Link(diallerSocket, { ...options, side: 'dialler' }),
    listener: new Link(listenerSocket, { ...options, side: 'listener' }),
    diallerSocket,
    listenerSocket,
  };
}
