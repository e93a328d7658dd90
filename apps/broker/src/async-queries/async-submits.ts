import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '#apps/broker/src/access/caller.js';
import { presentedSecret } from '#apps/broker/src/access/presented-secret.js';
import { readIdempotencyKey } from '#apps/broker/src/async-queries/idempotent-submits.js';
import { ShowQuery } from '#apps/broker/src/async-queries/show-query.js';
import { SubmitQuery } from '#apps/broker/src/async-queries/submit-query.js';
import { asyncView } from '#apps/broker/src/async-queries/async-view.js';
import { parseJson } from '#apps/broker/src/edge/read-body.js';
import { readAnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { AsyncQueryDto } from '#libs/contracts/command.js';
import { readDto } from '#libs/contracts/read-dto.js';

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
  ) {}

  async execute(
    siteId: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Record<string, unknown>> {
    const caller = callerOf(request);
    this.admission.require(caller, siteId, request.id, 'async');
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
    const held = this.bodies.hold(caller.keyId);
    try {
      const body = await held.read(request);
      const options = readAnswerOptions(request);
      const query = readDto(AsyncQueryDto, parseJson(body));
      const grant = this.admission.admit(caller, siteId, request.id, reply, 'async');
      const secret = presentedSecret(request);
      const asked = { caller, secret, siteId, requestId: request.id };
      const order = { ...asked, grant, query, body, options, idempotencyKey };
      const record = await this.submit.execute(order);
      reply.header('Idempotency-Key', record.idempotencyKey);
      if (record.state === 'initialising') return asyncView(record, { pages: [] });
      return await this.show.execute(record, secret);
    } finally {
      held.release();
    }
  }
}
