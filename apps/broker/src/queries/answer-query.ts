/** Runs an admitted query and writes its answer, whichever way the caller wanted it. */
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { answeredNames, RECEIPT_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { ErrorAnswer } from '#apps/broker/src/edge/error-body.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { NDJSON_TYPE } from '#apps/broker/src/queries/answer-options.js';
import { AnswerBudget, type HeldAnswer } from '#apps/broker/src/queries/answer-budget.js';
import { columnsOf, immediateEnvelope } from '#apps/broker/src/queries/immediate-envelope.js';
import { queryFailureAnswer } from '#apps/broker/src/queries/query-failure.js';
import { collectBytes, plainBytes } from '#apps/broker/src/queries/row-bytes.js';
import {
  RunQuery,
  type QueryOrder,
  type RunningQuery,
} from '#apps/broker/src/queries/run-query.js';
import { streamRows } from '#apps/broker/src/queries/stream-rows.js';
import type { ConsentMark, RunQueryEnd, RunQueryHead } from '#libs/contracts/link-messages.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';

/** Nothing was run: the write had been applied before under its key. */
const REPLAYED_HEADER = 'Idempotent-Replayed';
/** Patients of the site have withdrawn from this integrator: whether the answer was filtered. */
const CONSENT_HEADER = 'Conduit-Consent';
const consentWords: Record<ConsentMark, string> = {
  filtered: 'filtered',
  notFiltered: 'not-filtered',
};

@Injectable()
export class AnswerQuery {
  constructor(
    private readonly runQuery: RunQuery,
    private readonly budget: AnswerBudget,
    private readonly config: BrokerConfig,
    private readonly pauses: LivePauses,
  ) {}

  /** @throws ConduitError whatever can still be a true HTTP status */
  async execute(order: QueryOrder, reply: FastifyReply, accept: string | undefined): Promise<void> {
    const gone = new AbortController();
    // Also while it waits for its turn: the statement stops as soon as nobody listens.
    const held = order.options.streamed ? undefined : this.budget.open(order.caller.integratorId);
    const { practiceId, integratorId } = order.grant;
    const { siteId } = order;
    const { keyId } = order.caller;
    const place = { practiceId, integratorId, siteId, keyId };
    const unwatch = this.pauses.whenPaused(place, () =>
      // It may have begun: not the code that says that nothing was run.
      gone.abort(new ConduitError('QUERY_STOPPED')),
    );
    reply.raw.once('close', () => {
      unwatch();
      held?.release();
      if (!reply.raw.writableFinished) gone.abort(new ConduitError('CLIENT_GONE'));
    });
    // From here on there will be a record, however it ends.
    reply.header(RECEIPT_HEADER, order.queryId);
    const running = await this.runQuery.start(order, gone.signal);
    try {
      if (order.options.streamed) await this.stream(order, running, reply, accept);
      else await this.whole(order, running, reply, accept, held);
    } catch (thrown) {
      const error = this.runQuery.forCaller(toConduitError(thrown), order.siteId, running.entry.id);
      running.reader.cancel(error);
      running.finish(error);
      throw error;
    }
  }

  private async whole(
    order: QueryOrder,
    running: RunningQuery,
    reply: FastifyReply,
    accept: string | undefined,
    held: HeldAnswer | undefined,
  ): Promise<void> {
    const { reader, entry } = running;
    const text = await collectBytes(reader, running.maxResultBytes ?? Infinity, held);
    const end = (await reader.end) as RunQueryEnd;
    running.finish(end);
    if (end.status !== 'successful') return this.fail(order, running, end, reply, accept);
    noteOn(reply, end);
    const columns = order.options.columns
      ? columnsOf(reader.head as RunQueryHead | undefined, end)
      : undefined;
    const { length, pieces } = immediateEnvelope(entry, end, text, columns);
    reply
      .header('Content-Type', 'application/json; charset=utf-8')
      .header('Cache-Control', 'no-store');
    const [only, ...more] = Array.isArray(pieces) ? (pieces as string[]) : [];
    if (only !== undefined && more.length === 0) void reply.send(only);
    else {
      cutAfter(this.config.takeAnswerSeconds * 1_000, reply);
      void reply.header('Content-Length', length).send(Readable.from(pieces));
    }
  }

  private async stream(
    order: QueryOrder,
    running: RunningQuery,
    reply: FastifyReply,
    accept: string | undefined,
  ): Promise<void> {
    const { reader } = running;
    const head = reader.head as RunQueryHead | undefined;
    const compressed = head?.encoding === 'br' && order.options.acceptsBrotli;
    const source = compressed ? reader.body : plainBytes(reader);
    const rest = source[Symbol.asyncIterator]();
    const first = await rest.next();
    if (first.done === true) return this.withoutRows(order, running, reply, accept);
    if (head) noteOn(reply, head);
    const { id } = running.entry;
    const failure = await streamRows(
      { first: first.value, rest, compressed },
      reply,
      order.requestId,
      (error) => this.runQuery.forCaller(error, order.siteId, id),
    );
    if (failure) reader.cancel(failure);
    running.finish(failure ?? ((await reader.end) as RunQueryEnd));
  }

  /** Failed before its first row, or no rows by its mode: the end says all. */
  private async withoutRows(
    order: QueryOrder,
    running: RunningQuery,
    reply: FastifyReply,
    accept: string | undefined,
  ): Promise<void> {
    const end = (await running.reader.end) as RunQueryEnd;
    running.finish(end);
    if (end.status !== 'successful') return this.fail(order, running, end, reply, accept);
    noteOn(reply, end);
    const { rows, rowsAffected } = running.entry;
    const trailer = { rows: rows ?? 0, rowsAffected, parameters: end.parameters };
    void reply
      .header('Content-Type', NDJSON_TYPE)
      .header('Cache-Control', 'no-store')
      .send(`${JSON.stringify({ $end: trailer })}\n`);
  }

  private fail(
    { requestId }: QueryOrder,
    { entry }: RunningQuery,
    end: RunQueryEnd,
    reply: FastifyReply,
    accept: string | undefined,
  ): void {
    sendError(queryFailureAnswer(end, entry, requestId, accept, answeredNames(reply)), reply);
  }
}

function noteOn(
  reply: FastifyReply,
  { replayed, consent }: Pick<RunQueryHead, 'replayed' | 'consent'>,
): void {
  if (replayed === true) reply.header(REPLAYED_HEADER, 'true');
  const word = consent && consentWords[consent];
  if (word !== undefined) reply.header(CONSENT_HEADER, word);
}

/** Nobody may hold the node's memory by taking an answer slowly, or not at all. */
function cutAfter(takeWithinMs: number, { raw }: FastifyReply): void {
  const timer = setTimeout(() => raw.destroy(), takeWithinMs).unref();
  raw.once('close', () => clearTimeout(timer));
}

function sendError(answer: ErrorAnswer, reply: FastifyReply): void {
  void reply
    .code(answer.status)
    .headers(answer.headers)
    .header('Content-Type', answer.contentType)
    .header('Cache-Control', 'no-store')
    .send(JSON.stringify(answer.body));
}
