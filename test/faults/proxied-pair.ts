/** One connection through the fault proxy: the client's end (near), the server's (far), what lies between. */
import { connect, type Socket } from 'node:net';

export interface Destination {
  host: string;
  port: number;
}

export type Way = 'toFar' | 'toNear';

export interface PairRules {
  /** Absent: the client says it with CONNECT. */
  destination: (() => Destination | undefined) | undefined;
  /** How many of so many bytes may pass. */
  pass: (bytes: number, way: Way) => number;
}

const MOST_HEADER_BYTES = 8_192;

export class ProxiedPair {
  delayMs = 0;
  private far: Socket | undefined;
  private isFrozen = false;
  private isHalf = false;
  private isForwarding = false;
  private readonly waiting: Record<Way, (() => void)[]> = { toFar: [], toNear: [] };
  private whenClosed: () => void = () => undefined;

  constructor(
    private readonly near: Socket,
    private readonly rules: PairRules,
  ) {
    near.on('error', () => undefined);
    near.on('close', () => this.ended());
    if (rules.destination) this.dial(rules.destination());
    else this.awaitConnect();
  }

  onClosed(listener: () => void): void {
    this.whenClosed = listener;
  }

  freeze(): void {
    this.isFrozen = true;
    this.near.pause();
    this.far?.pause();
  }

  closeOneEnd(closed: 'near' | 'far'): void {
    this.isHalf = true;
    this.freeze();
    (closed === 'near' ? this.near : this.far)?.resetAndDestroy();
  }

  reset(): void {
    this.isHalf = false;
    for (const socket of [this.near, this.far]) socket?.resetAndDestroy();
  }

  heal(): void {
    this.isFrozen = false;
    if (this.isHalf) this.reset();
    this.flow();
  }

  private awaitConnect(): void {
    let header = Buffer.alloc(0);
    const read = (piece: Buffer): void => {
      header = Buffer.concat([header, piece]);
      const end = header.indexOf('\r\n\r\n');
      if (end < 0 && header.length < MOST_HEADER_BYTES) return;
      this.near.off('data', read).pause();
      const [, host, port] = /^CONNECT ([^:\s]+):(\d+) /.exec(header.toString('latin1')) ?? [];
      if (end < 0 || host === undefined) return this.reset();
      this.near.unshift(header.subarray(end + 4));
      this.dial({ host, port: Number(port) }, 'HTTP/1.1 200 Connection established\r\n\r\n');
    };
    this.near.on('data', read);
  }

  private dial(destination: Destination | undefined, greeting?: string): void {
    if (!destination) return void this.near.resetAndDestroy();
    const far = connect({ ...destination, allowHalfOpen: true });
    this.far = far;
    far.on('error', () => undefined);
    far.on('close', () => this.ended());
    far.on('connect', () => {
      if (greeting !== undefined) this.near.write(greeting);
      this.forward(this.near, far, 'toFar');
      this.forward(far, this.near, 'toNear');
      this.isForwarding = true;
      this.flow();
    });
  }

  /** Not before both ends have a listener: a socket that flows without one loses what it reads. */
  private flow(): void {
    if (this.isFrozen || !this.isForwarding) return;
    this.near.resume();
    this.far?.resume();
  }

  private forward(from: Socket, to: Socket, way: Way): void {
    from.on('data', (piece: Buffer) => {
      const passing = piece.subarray(0, this.rules.pass(piece.length, way));
      this.inTurn(way, () => {
        if (to.destroyed || passing.length === 0) return;
        if (to.write(passing)) return;
        from.pause();
        to.once('drain', () => this.isFrozen || from.resume());
      });
    });
    from.on('end', () => this.inTurn(way, () => to.end()));
  }

  /** Late or at once, but never before what came earlier the same way. */
  private inTurn(way: Way, act: () => void): void {
    const waiting = this.waiting[way];
    if (this.delayMs === 0 && waiting.length === 0) return act();
    waiting.push(act);
    setTimeout(() => waiting.shift()?.(), this.delayMs).unref();
  }

  /** One end is gone: so is the other, unless that is the fault. */
  private ended(): void {
    if (this.isHalf) return;
    if (!this.near.destroyed) this.near.destroy();
    if (this.far && !this.far.destroyed) this.far.destroy();
    this.whenClosed();
  }
}
