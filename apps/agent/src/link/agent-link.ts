import { Injectable } from '@nestjs/common';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import type { NotedFailure } from '#apps/agent/src/link/database-health.port.js';
import { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import { LinkTarget } from '#apps/agent/src/link/link-target.js';
import {
  diagnosisOf,
  isSameDiagnosis,
  type LinkDiagnosis,
  type LinkState,
  type LinkStatus,
} from '#apps/agent/src/link/link-status.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { LinkClient } from '#libs/link/link-client.js';
import { LinkDialler } from '#libs/link/link-dialler.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';
import { LinkServer } from '#libs/link/link-server.js';
import type { Link } from '#libs/link/link.js';

type AttachedListener = () => void;

/** The agent's one link to the broker: kept up, diagnosed, and asked through. */
@Injectable()
export class AgentLink extends BrokerLine {
  private readonly dialler: LinkDialler;
  private readonly attachedListeners: AttachedListener[] = [];
  private client: LinkClient | undefined;
  private diagnosis: LinkDiagnosis | undefined;
  private sinceMs = Date.now();
  private nextAttemptMs: number | undefined;
  /** Why the last attempt that failed did, though the link may be up since. */
  lastFailure: NotedFailure | undefined;
  /** Settles when the last join is noted on disk. */
  private joined: Promise<void> = Promise.resolve();

  constructor(
    private readonly target: LinkTarget,
    private readonly handlers: LinkServer,
    private readonly clock: BrokerClock,
    private readonly credentials: TlsCredentials,
    private readonly log: EventLog,
  ) {
    super();
    // Shorter than a minute together with the jitter; a refusal by name is asked about slowly.
    this.dialler = new LinkDialler({ target: () => target.next(clock.skewMs), maxWaitMs: 45_000 });
    this.dialler.on('state', (state) => this.enter(state));
    this.dialler.on('link', (link, { skewMs }) => this.adopt(link, skewMs));
    this.dialler.on('closed', ({ reason }) => this.log.write('link.closed', { reason }));
    this.dialler.on('failed', (error, { waitMs }) => this.fail(error, waitMs));
  }

  override get attached(): boolean {
    return this.dialler.link !== undefined;
  }

  get state(): LinkState {
    return this.dialler.state;
  }

  get status(): LinkStatus {
    const { state, sinceMs, nextAttemptMs } = this;
    const diagnosis = this.diagnosis ?? this.clock.diagnosis;
    const { skewMs } = this.clock;
    return {
      state,
      sinceMs,
      certificateEndsMs: this.credentials.endsMs,
      ...(diagnosis && { diagnosis }),
      ...(state === 'waiting' && nextAttemptMs !== undefined && { nextAttemptMs }),
      ...(skewMs !== undefined && { skewMs }),
    };
  }

  start(): void {
    this.dialler.start();
  }

  /** Lets what runs finish, at most `drainMs` milliseconds; then the broker knows that we left. */
  async stop(drainMs: number): Promise<void> {
    await this.dialler.stop(drainMs);
    await this.joined;
  }

  /** Uses a new certificate: a second link comes up, the first one finishes what it runs. */
  redial(): void {
    this.dialler.redial();
  }

  /** Calls back each time a link has come up. */
  override onAttached(listener: AttachedListener): void {
    this.attachedListeners.push(listener);
  }

  /**
   * Asks for an answer with a body.
   * @throws ConduitError LINK_CLOSED while there is no link; otherwise as `LinkClient.request`
   */
  async request(pattern: string, meta: object, deadlineMs: number): Promise<LinkReplyReader> {
    return this.clientNow().request(pattern, meta, undefined, { deadlineMs });
  }

  /**
   * Asks the broker and waits for the whole answer, an object without a body.
   * @throws ConduitError LINK_CLOSED while there is no link; otherwise as `LinkClient.ask`
   */
  override async ask<T extends object = object>(
    pattern: string,
    meta: object,
    body?: Uint8Array,
  ): Promise<T> {
    return this.clientNow().ask<T>(pattern, meta, { body, deadlineMs: ANSWER_MS });
  }

  private clientNow(): LinkClient {
    if (this.client && this.dialler.link === this.client.link) return this.client;
    throw new ConduitError('LINK_CLOSED', { facts: { reason: this.state } });
  }

  private adopt(link: Link, skewMs: number | undefined): void {
    this.handlers.attach(link, undefined);
    this.client = new LinkClient(link);
    this.diagnosis = undefined;
    this.log.write('link.connected', { host: this.target.host, viaProxy: this.target.viaProxy });
    this.clock.note(skewMs);
    // The join counts from the moment the broker answered it; only its note on disk comes later.
    this.joined = this.target.joined().catch(() => undefined);
    for (const listener of this.attachedListeners) listener();
  }

  private fail(error: ConduitError, waitMs: number): void {
    this.nextAttemptMs = Date.now() + waitMs;
    this.target.refused(error);
    this.lastFailure = { code: error.code, atMs: performance.now() };
    if (error.code === 'CLOCK_SKEWED') void this.clock.measure();
    const diagnosis = diagnosisOf(error);
    if (isSameDiagnosis(this.diagnosis, diagnosis)) return;
    this.diagnosis = diagnosis;
    this.log.write('link.failed', diagnosis);
  }

  private enter(state: LinkState): void {
    this.sinceMs = Date.now();
    if (state === 'connected') this.nextAttemptMs = undefined;
  }
}

const ANSWER_MS = 20_000;
