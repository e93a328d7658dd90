import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { ShowQuery } from '#apps/broker/src/async-queries/show-query.js';
import { SubmitQuery } from '#apps/broker/src/async-queries/submit-query.js';
import { WaitingAllowance } from '#apps/broker/src/async-queries/waiting-allowance.js';
import { asyncView } from '#apps/broker/src/async-queries/async-view.js';
import { RECEIPT_HEADER, WRITE_KEY_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { parseJson } from '#apps/broker/src/edge/read-body.js';
import { readAnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { givenKey, writeKeyFor } from '#apps/broker/src/writes/write-key.js';
import { AsyncQueryDto } from '#libs/contracts/command.js';
import { InvalidFields, readDto } from '#libs/contracts/read-dto.js';

/**
 * A submit from its first byte to its answer. The cheap checks come first: key and rate in the guard,
 * then permission, and only then the body. Permission is asked again after it: a body may take minutes.
 */
@Injectable()
export class AsyncSubmits {
  constructor(
    private readonly admission: QueryAdmission,
    private readonly bodies: QueryBodies,
    private readonly submit: SubmitQuery,
    private readonly show: ShowQuery,
    private readonly allowance: WaitingAllowance,
  ) {}

  async execute(
    siteId: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Record<string, unknown>> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id, 'async');
    await this.allowance.require(caller.integratorId, siteId);
    const idempotencyKey = givenKey(request.headers);
    if (idempotencyKey !== undefined) reply.header(WRITE_KEY_HEADER, idempotencyKey);
    const held = this.bodies.hold(caller.keyId);
    try {
      const body = await held.read(request);
      const options = readAnswerOptions(request);
      // A page could not say which of them it belongs to.
      if (options.resultSets === 'all')
        throw new InvalidFields([{ field: 'resultSets', problem: 'must be first for async' }]);
      const query = readDto(AsyncQueryDto, parseJson(body));
      const grant = this.admission.admit(caller, siteId, request.id, reply, 'async');
      // For what it throws: a grant may want the caller's own. The key itself is the query's id.
      writeKeyFor(idempotencyKey, query.command, grant);
      const secret = presentedSecret(request);
      const asked = { caller, secret, siteId, requestId: request.id };
      const order = { ...asked, grant, query, body, options, idempotencyKey };
      const record = await this.submit.execute(order);
      reply.header(WRITE_KEY_HEADER, record.idempotencyKey);
      reply.header(RECEIPT_HEADER, record.id);
      if (record.state === 'initialising') return asyncView(record, { pages: [] });
      return await this.show.execute(record, secret);
    } finally {
      held.release();
    }
  }
}
