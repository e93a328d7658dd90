/** The one way out for errors: every failure of every route becomes a catalogue answer here. */
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { allowedMethods } from '#apps/broker/src/edge/allowed-methods.js';
import { errorAnswer } from '#apps/broker/src/edge/error-body.js';
import { knownFailure, traceOf } from '#apps/broker/src/edge/known-failure.js';
import { answeredNames } from '#apps/broker/src/edge/answered-names.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** An upload that nobody will read is cut off rather than drained when it is larger than this. */
const DRAIN_BYTES = 1024 * 1024;

@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: EventLog) {}

  catch(thrown: unknown, host: ArgumentsHost): Observable<never> | void {
    // Requests on the link answer with the code itself: the link's server writes it.
    if (host.getType() !== 'http') return throwError(() => thrown);
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = refineMissingRoute(knownFailure(thrown), request, reply);
    this.report(error, request);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (leavesMuchUnread(request)) reply.header('Connection', 'close');
    const answer = errorAnswer(error, request.id, request.headers.accept, answeredNames(reply));
    void reply
      .code(answer.status)
      .headers(answer.headers)
      .header('Content-Type', answer.contentType)
      .header('Cache-Control', 'no-store')
      .send(JSON.stringify(answer.body));
  }

  private report(error: ConduitError, request: FastifyRequest): void {
    const { code, status } = error;
    if (status === 401) this.log.write('auth.refused', { requestId: request.id, code });
    if (code !== 'INTERNAL') return;
    this.log.write('request.failed', {
      requestId: request.id,
      code,
      status,
      route: request.routeOptions.url ?? 'none',
      ...traceOf(error.cause),
    });
  }
}

/** A path that exists, asked with a method that does not. */
function refineMissingRoute(
  error: ConduitError,
  request: FastifyRequest,
  reply: FastifyReply,
): ConduitError {
  if (error.code !== 'ROUTE_NOT_FOUND') return error;
  const allowed = allowedMethods(request);
  if (allowed.length === 0) return error;
  reply.header('Allow', allowed.join(', '));
  return new ConduitError('METHOD_NOT_ALLOWED');
}

function leavesMuchUnread(request: FastifyRequest): boolean {
  const { headers, raw } = request;
  if (raw.readableEnded) return false;
  return (
    headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > DRAIN_BYTES
  );
}
