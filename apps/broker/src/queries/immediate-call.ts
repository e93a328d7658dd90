/**
 * An immediate query from the caller's bytes to its answer. The cheap checks come first: permission,
 * and only then the body; permission is asked again after it, for a body may take minutes.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { WRITE_KEY_HEADER } from '#apps/broker/src/edge/answered-names.js';
import { parseJson } from '#apps/broker/src/edge/read-body.js';
import { readAnswerOptions } from '#apps/broker/src/queries/answer-options.js';
import { AnswerQuery } from '#apps/broker/src/queries/answer-query.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { givenKey, writeKeyFor } from '#apps/broker/src/writes/write-key.js';
import { ImmediateQueryDto } from '#libs/contracts/command.js';
import { readDto } from '#libs/contracts/read-dto.js';

@Injectable()
export class ImmediateCall {
  constructor(
    private readonly admission: QueryAdmission,
    private readonly bodies: QueryBodies,
    private readonly answer: AnswerQuery,
    private readonly ids: ReceiptIds,
  ) {}

  /** @throws ConduitError whatever can still be a true HTTP status */
  async execute(
    caller: CallerIdentity,
    siteId: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    this.admission.require(caller, siteId, request.id);
    const given = givenKey(request.headers);
    if (given !== undefined) reply.header(WRITE_KEY_HEADER, given);
    const held = this.bodies.hold(caller.keyId);
    try {
      const body = await held.read(request);
      const options = readAnswerOptions(request);
      const query = readDto(ImmediateQueryDto, parseJson(body));
      const grant = this.admission.admit(caller, siteId, request.id, reply);
      const writeKey = writeKeyFor(given, query.command, grant);
      if (writeKey !== undefined) reply.header(WRITE_KEY_HEADER, writeKey.key);
      const queryId = this.ids.mint(caller.integratorId);
      const asked = { caller, siteId, requestId: request.id, queryId, grant, query, body, options };
      const order = { ...asked, ...(writeKey && { writeKey }) };
      await this.answer.execute(order, reply, request.headers.accept);
    } finally {
      held.release();
    }
  }
}
