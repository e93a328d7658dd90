/**
 * The records of async queries in Redis, each with its sealed request under one hash tag. A record
 * changes by scripts alone, each of which names the states it may leave: whoever comes second, comes
 * late, or comes twice changes nothing.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  beginScript,
  createScript,
  moveScript,
} from '#apps/broker/src/async-queries/query-record-scripts.js';
import {
  endStates,
  fromFields,
  toFields,
  type QueryRecord,
  type QueryState,
} from '#apps/broker/src/async-queries/query-record.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { Clock } from '#libs/kernel/clock.js';

const HOUR_MS = 3_600_000;
/** How long the record of a query that ended is kept. */
export const recordLifeMs = 24 * HOUR_MS;
/** Beyond its deadline, for a query that waits, runs or uploads. */
const OPEN_LIFE_MS = 26 * HOUR_MS;

export interface Move {
  from: readonly QueryState[];
  to: QueryState;
  /** The run that must be the record's; absent: whichever. */
  runId?: string;
  set?: Partial<Omit<QueryRecord, 'began' | 'ended'>>;
  unset?: readonly string[];
}

export type MoveAnswer = 'moved' | 'gone' | 'refused';

/** Sealed requests up to so many bytes are read with the record; a larger one waits for its room. */
const REQUEST_ALONG_BYTES = 64 * 1024;

/** A claimed query that its run looked at. */
export interface Begun {
  /** As it is now. */
  record: QueryRecord;
  /** Whether this run may go on: it was waiting and had time. */
  begun: boolean;
  /** Absent when it is large. */
  request?: Buffer;
}

@Injectable()
export class QueryRecords {
  constructor(
    private readonly store: TransientStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Keeps a query that was just taken in, as one that waits.
   * @returns false when there is a record of that id
   */
  async create(record: QueryRecord, sealedRequest: Buffer): Promise<boolean> {
    const lifeMs = record.deadlineMs - this.clock.now() + OPEN_LIFE_MS;
    const began = ['began:initialising', 'ended:initialising', 'began:queued'];
    const times = began.flatMap((field) => [field, record.createdAtMs]);
    const pairs = toFields({ ...record, state: 'queued' }).flat();
    const args = [lifeMs, sealedRequest, ...pairs, ...times];
    return (await this.store.run<number>(createScript, keysOf(record.id), args)) === 1;
  }

  async read(queryId: string): Promise<QueryRecord | undefined> {
    const [key] = keysOf(queryId);
    return fromFields(await this.store.ask((redis) => redis.hgetall(key)));
  }

  /** The sealed request, while it is needed. */
  async request(queryId: string): Promise<Buffer | undefined> {
    const [, key] = keysOf(queryId);
    return (await this.store.ask((redis) => redis.getBuffer(key))) ?? undefined;
  }

  /** @returns undefined when there is no record */
  async begin(queryId: string, runId: string): Promise<Begun | undefined> {
    const now = this.clock.now();
    const [answer, found = [], request] = await this.store.runForBytes<
      [answer: Buffer, fields?: Buffer[], request?: Buffer | null]
    >(beginScript, keysOf(queryId), [runId, now, REQUEST_ALONG_BYTES]);
    const record = fromFields(pairsOf(found));
    if (!record) return undefined;
    if (answer.toString() !== 'begun') return { record, begun: false };
    const running = { ...record, runId, state: 'executing' as const, updatedAtMs: now };
    return { record: running, begun: true, ...(request && { request }) };
  }

  async move(queryId: string, move: Move): Promise<MoveAnswer> {
    const { from, to, runId = '', set = {}, unset = [] } = move;
    const isEnd = (endStates as readonly string[]).includes(to);
    const now = this.clock.now();
    const pairs = toFields(isEnd ? { ...set, completedAtMs: now } : set).flat();
    const args = [
      randomUUID(),
      ` ${from.join(' ')} `,
      to,
      runId,
      now,
      isEnd ? recordLifeMs : '',
      isEnd ? '1' : '',
      unset.length,
      ...unset,
      ...pairs,
    ];
    const answer = await this.store.run<string>(moveScript, keysOf(queryId), args);
    return answer === 'moved' || answer === 'gone' ? answer : 'refused';
  }

  async forget(queryId: string): Promise<void> {
    await this.store.ask((redis) => redis.unlink(...keysOf(queryId)));
  }
}

function pairsOf(flat: readonly Buffer[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) pairs[String(flat[at])] = String(flat[at + 1]);
  return pairs;
}

/** One hash tag, so that scripts may touch both. */
function keysOf(queryId: string): [record: string, request: string] {
  return [`conduit:query:{${queryId}}`, `conduit:query:{${queryId}}:request`];
}
