/**
 * Server-sent events (WHATWG HTML, 9.2) to open pages: what changed, never what it is now; a page asks
 * for that itself, with its own rights. A stream ends with the session or the role of whoever opened
 * it, and when this node stops; looking at a page in this way does not keep a session from idling.
 */
import type { ServerResponse } from 'node:http';
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { LiveSessions } from '#apps/broker/src/fleet/live-sessions.js';
import { MANY } from '#apps/broker/src/fleet/review-states.js';
import { Readiness } from '#apps/broker/src/health/readiness.js';
import { liveEvents } from '#libs/console-api/operator.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** Changes within this time are told together. */
const GATHER_MS = 400;
/** Shorter than what proxies cut for silence; also how late an ended session is noticed. */
const BEAT_MS = 10_000;
const STREAMS_EACH = 10;
const STREAMS = 1_000;
/** A page that takes nothing for so long is gone. */
const MOST_BUFFERED_BYTES = 64 * 1024;
/** What the browser waits before it comes back. */
const RETRY_MS = 2_000;

interface Stream {
  person: SignedInPerson;
  raw: ServerResponse;
}

@Injectable()
export class LiveStreams implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly streams = new Set<Stream>();
  private readonly changed = new Set<string>();
  private readonly others = new Set<'alerts' | 'requests'>();
  private gathering: NodeJS.Timeout | undefined;
  private beat: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly broadcast: Broadcast,
    private readonly sessions: LiveSessions,
    private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = [
      this.broadcast.subscribe('fleet.changed', (id) => this.note(id, 'requests')),
      this.broadcast.subscribe('alert.changed', () => this.note(undefined, 'alerts')),
    ];
    this.beat = setInterval(() => void this.keep(), BEAT_MS).unref();
    this.readiness.onDrain(() => this.endAll());
  }

  beforeApplicationShutdown(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    clearInterval(this.beat);
    clearTimeout(this.gathering);
    this.endAll();
  }

  /**
   * @param raw whose head is written
   * @throws ConduitError RATE_LIMITED for too many open pages
   */
  requireRoom({ personId }: SignedInPerson): void {
    const own = [...this.streams].filter((stream) => stream.person.personId === personId);
    if (own.length < STREAMS_EACH && this.streams.size < STREAMS) return;
    throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: 60_000 } });
  }

  open(person: SignedInPerson, raw: ServerResponse): void {
    const stream = { person, raw };
    this.streams.add(stream);
    raw.once('close', () => this.streams.delete(stream));
    raw.write(`retry: ${RETRY_MS}\n\n`);
    // What happened between the page's own reading and this stream.
    write(stream, liveEvents.agents, { agentIds: [] });
  }

  private note(agentId: string | undefined, other: 'alerts' | 'requests'): void {
    if (this.streams.size === 0) return;
    if (agentId !== undefined) this.changed.add(agentId);
    this.others.add(other);
    this.gathering ??= setTimeout(() => this.tell(), GATHER_MS).unref();
  }

  private tell(): void {
    this.gathering = undefined;
    const agentIds = this.changed.has(MANY) ? [] : [...this.changed];
    for (const stream of this.streams) {
      if (this.changed.size > 0) write(stream, liveEvents.agents, { agentIds });
      for (const other of this.others) write(stream, other, {});
    }
    this.changed.clear();
    this.others.clear();
  }

  private async keep(): Promise<void> {
    for (const stream of [...this.streams]) {
      if (stream.raw.writableLength > MOST_BUFFERED_BYTES) stream.raw.destroy();
      else stream.raw.write(': still here\n\n');
    }
    const ended = await this.sessions.ended([...this.streams].map(({ person }) => person));
    for (const stream of this.streams) {
      if (ended.has(stream.person.session.sessionId)) end(stream, 'session');
    }
  }

  private endAll(): void {
    for (const stream of this.streams) end(stream, 'leaving');
  }
}

function write({ raw }: Stream, event: string, content: object): void {
  if (!raw.writableEnded) raw.write(`event: ${event}\ndata: ${JSON.stringify(content)}\n\n`);
}

function end(stream: Stream, reason: 'session' | 'leaving'): void {
  write(stream, liveEvents.end, { reason });
  stream.raw.end();
}
