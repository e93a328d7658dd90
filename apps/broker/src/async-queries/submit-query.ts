/**
 * Takes a query that may wait. From here on its body is sealed: the plain bytes go with the request
 * that brought them. What is acknowledged is in the store and in its line, with a job that ends it at
 * its deadline.
 */
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { AgentKeyBook } from '#apps/broker/src/async-queries/agent-key-book.js';
import { IdempotentSubmits } from '#apps/broker/src/async-queries/idempotent-submits.js';
import { QueryIds } from '#apps/broker/src/async-queries/query-id.js';
import type { QueryRecord } from '#apps/broker/src/async-queries/query-record.js';
import { StartWaiting } from '#apps/broker/src/async-queries/start-waiting.js';
import { SubmitTurns } from '#apps/broker/src/async-queries/submit-turns.js';
import type { AnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { accessOf } from '#apps/broker/src/usage/usage-book.port.js';
import type { AsyncQueryDto } from '#libs/contracts/command.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { Clock } from '#libs/kernel/clock.js';
import type { Secret } from '#libs/kernel/secret.js';
import { deriveResultKey } from '#libs/sealing/result-key.js';
import { sealRequest } from '#libs/sealing/seal-request.js';

const DEFAULT_WAIT_MS = 3_600_000;
/** Also a query that may not wait needs a moment to be handed over. */
const LEAST_WAIT_MS = 1_000;

export interface SubmitOrder {
  caller: CallerIdentity;
  /** Of the presented API key. */
  secret: Secret<Buffer>;
  siteId: string;
  requestId: string;
  grant: Grant;
  query: AsyncQueryDto;
  /** The caller's bytes. */
  body: Buffer;
  options: Pick<AnswerOptions, 'columns' | 'resultSets'>;
  /** The caller's own. */
  idempotencyKey: string | undefined;
}

@Injectable()
export class SubmitQuery {
  private readonly turns = new SubmitTurns();

  constructor(
    private readonly ids: QueryIds,
    private readonly keys: AgentKeyBook,
    private readonly keyed: IdempotentSubmits,
    private readonly waiting: StartWaiting,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the record of the query, which a repeated submit finds in whatever state it is
   * @throws ConduitError SITE_OFFLINE where no agent was ever enrolled, QUEUE_UNAVAILABLE,
   * TRANSIENT_STORE_FULL, IDEMPOTENCY_KEY_REUSED
   */
  execute(order: SubmitOrder): Promise<QueryRecord> {
    return this.turns.run(order.caller.integratorId, () => this.submit(order));
  }

  private async submit(order: SubmitOrder): Promise<QueryRecord> {
    const sealedTo = this.keys.find(order.siteId);
    if (sealedTo === undefined) throw new ConduitError('SITE_OFFLINE');
    const { integratorId } = order.caller;
    const { idempotencyKey } = order;
    const minted = this.ids.mint(integratorId, order.siteId);
    const id =
      idempotencyKey === undefined
        ? minted
        : await this.keyed.nameOf({ ...order, idempotencyKey }, minted);
    const known = id === minted ? undefined : await this.waiting.find(id);
    if (known) return known;
    const record = this.recordOf(order, id, sealedTo);
    const { siteId, keyId, resultKey } = record;
    const bound = { queryId: id, siteId, integratorId, keyId, resultKey };
    const context = { ...bound, idempotencyKey: record.idempotencyKey };
    return this.waiting.execute(record, sealRequest(sealedTo, context, order.body));
  }

  private recordOf(order: SubmitOrder, id: string, sealedTo: string): QueryRecord {
    const { caller, query, grant, options, body, secret } = order;
    const nowMs = this.clock.now();
    const maxTimeInQueueMs = query.maxTimeInQueue ?? DEFAULT_WAIT_MS;
    return {
      id,
      integratorId: caller.integratorId,
      siteId: order.siteId,
      practiceId: grant.practiceId,
      keyId: caller.keyId,
      requestId: order.requestId,
      state: 'initialising',
      mode: query.command.executionMode ?? 'reader',
      writes: accessOf(query.command) === 'write',
      columns: options.columns,
      resultSets: options.resultSets,
      maxTimeInQueueMs,
      commandBytes: Buffer.byteLength(query.command.text),
      requestBytes: body.length,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      deadlineMs: nowMs + Math.max(maxTimeInQueueMs, LEAST_WAIT_MS),
      sealedTo,
      resultKey: deriveResultKey(secret.reveal(), id).publicKey,
      idempotencyKey: order.idempotencyKey ?? id,
      runs: 0,
      began: {},
      ended: {},
    };
  }
}
