/**
 * Keeps one link up: dials, waits with jitter after a failure, dials again, for as long as the
 * agent runs. When the broker drains, a fresh link is dialled while the old one finishes its
 * streams. Each failure is reported by its named code; nothing here gives up by itself.
 */
import { EventEmitter } from 'node:events';
import { type ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Backoff } from '#libs/kernel/backoff.js';
import { dial, type Dialled, type DialOptions } from '#libs/link/dial.js';
import type { Link, LinkClosure } from '#libs/link/link.js';

export type DiallerState = 'connecting' | 'connected' | 'waiting' | 'stopped';

export interface DiallerEvents {
  state: [DiallerState];
  /** A link is up; attach a LinkServer now. `skewMs` is this clock minus the broker's. */
  link: [Link, { skewMs: number | undefined }];
  /** A link ended. */
  closed: [LinkClosure];
  /** An attempt failed; the next one follows in `waitMs` milliseconds. */
  failed: [ConduitError, { waitMs: number }];
}

export interface DiallerOptions {
  /** Read before each attempt, so that a renewed certificate is used from then on. */
  target: () => DialOptions | Promise<DialOptions>;
  /** Shortest and longest wait between attempts, milliseconds; default 500 and 20,000. */
  baseWaitMs?: number;
  maxWaitMs?: number;
  /** Wait after the broker refused this agent by name, milliseconds; default 60,000. */
  refusedWaitMs?: number;
  /** A link that lasted this long, milliseconds, counts as a success; default 30,000. */
  settledMs?: number;
}

const REFUSALS = new Set(['AGENT_REVOKED', 'AGENT_QUARANTINED', 'AGENT_IDENTITY_REFUSED']);

export class LinkDialler extends EventEmitter<DiallerEvents> {
  private readonly backoff: Backoff;
  private readonly live = new Set<Link>();
  private currentState: DiallerState = 'stopped';
  private newest: Link | undefined;
  private timer: NodeJS.Timeout | undefined;
  private attempt = 0;

  constructor(private readonly options: DiallerOptions) {
    super();
    this.backoff = new Backoff(options.baseWaitMs ?? 500, options.maxWaitMs ?? 20_000);
  }

  get state(): DiallerState {
    return this.currentState;
  }

  /** The link to use for new requests, while connected. */
  get link(): Link | undefined {
    return this.newest?.state === 'open' ? this.newest : undefined;
  }

  start(): void {
    if (this.currentState === 'stopped') void this.connect();
  }

  /** Dials anew, for instance with a renewed certificate; the old link then drains. */
  redial(): void {
    if (this.currentState === 'connected') void this.connect();
  }

  /**
   * Ends for good.
   *
   * @param drainMs milliseconds that running streams may take; 0 cuts them
   */
  async stop(drainMs = 0): Promise<void> {
    clearTimeout(this.timer);
    this.attempt++;
    this.enter('stopped');
    const links = [...this.live];
    if (drainMs === 0) for (const link of links) link.close();
    else await Promise.all(links.map((link) => link.drain(drainMs)));
  }

  private async connect(): Promise<void> {
    clearTimeout(this.timer);
    const attempt = ++this.attempt;
    this.enter('connecting');
    try {
      const dialled = await dial(await this.options.target());
      if (attempt === this.attempt) this.adopt(dialled);
      else dialled.link.close();
    } catch (error) {
      if (attempt === this.attempt) this.retry(toConduitError(error));
    }
  }

  private adopt({ link, skewMs }: Dialled): void {
    const previous = this.newest;
    const settled = setTimeout(
      () => this.backoff.reset(),
      this.options.settledMs ?? 30_000,
    ).unref();
    this.newest = link;
    this.live.add(link);
    link.once('goaway', () => this.replace(link));
    link.once('close', (closure) => {
      clearTimeout(settled);
      this.live.delete(link);
      this.emit('closed', closure);
      this.replace(link);
    });
    this.enter('connected');
    this.emit('link', link, { skewMs });
    // What the old link still runs may finish within the longest time a request may take.
    if (previous !== undefined) void previous.drain(DRAIN_MS);
  }

  /** The newest link is of no use any more; others were replaced already. */
  private replace(link: Link): void {
    if (link !== this.newest || this.currentState !== 'connected') return;
    this.newest = undefined;
    this.wait(this.backoff.next());
  }

  private retry(error: ConduitError): void {
    const waitMs = REFUSALS.has(error.code)
      ? Math.round((this.options.refusedWaitMs ?? 60_000) * (0.8 + 0.4 * Math.random()))
      : this.backoff.next();
    this.wait(waitMs);
    this.emit('failed', error, { waitMs });
  }

  private wait(ms: number): void {
    this.enter('waiting');
    this.timer = setTimeout(() => void this.connect(), ms);
  }

  private enter(state: DiallerState): void {
    if (this.currentState === state) return;
    this.currentState = state;
    this.emit('state', state);
  }
}

const DRAIN_MS = 120_000;
