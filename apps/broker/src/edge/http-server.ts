/**
 * The HTTPS server under Nest: limits, request ids, security headers, and failures that happen
 * before any route is known. Bodies stay unread until a guard has let the caller in.
 */
import { randomUUID } from 'node:crypto';
import { IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { apiTls } from '#apps/broker/src/edge/api-certificate.js';
import { watchRoutes } from '#apps/broker/src/edge/allowed-methods.js';
import { errorAnswer } from '#apps/broker/src/edge/error-body.js';
import { knownFailure } from '#apps/broker/src/edge/known-failure.js';
import { plainContentType } from '#apps/broker/src/edge/plain-content-type.js';
import type { RequestCount } from '#apps/broker/src/edge/request-count.js';
import { makeSecurityHeaders } from '#apps/broker/src/edge/security-headers.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface HttpServerOptions {
  /** PEM; absent: plain HTTP, for tests only. */
  tls?: { key: string; cert: string };
  trustProxy: string[];
}

/** A UUID or a trace id: it is recorded for good, so a caller's words, or a patient's name, may not be one. */
const OPAQUE_ID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const HEADER_BYTES = 16 * 1024;
/** An Idempotency-Key of 255 characters, each percent-encoded. */
const MAX_PARAM_CHARACTERS = 765;

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && OPAQUE_ID.test(given) ? given : randomUUID();
}

export function makeAdapter(options: HttpServerOptions): FastifyAdapter {
  const tls = options.tls && {
    https: {
      ...options.tls,
      ...apiTls,
      maxHeaderSize: HEADER_BYTES,
    },
  };
  return new FastifyAdapter({
    ...(tls ?? { http: { maxHeaderSize: HEADER_BYTES } }),
    logger: false,
    trustProxy: options.trustProxy.length > 0 ? options.trustProxy : false,
    genReqId: (raw: unknown) => requestIdOf(raw as IncomingMessage),
    requestIdHeader: false,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    requestTimeout: 120_000,
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: answerEarly,
    clientErrorHandler: answerSocket,
  } as ConstructorParameters<typeof FastifyAdapter>[0]) as FastifyAdapter;
}

/** Everything that has to be on the server before Nest registers its routes. */
export async function prepareServer(
  app: NestFastifyApplication,
  requests: RequestCount,
): Promise<void> {
  const server = app.getHttpAdapter().getInstance();
  watchRoutes(server as unknown as FastifyInstance);
  const securityHeaders = await makeSecurityHeaders();
  server.removeAllContentTypeParsers();
  // Whatever the type: the unread stream is the body. Its reader checks size and type later.
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  server.addHook('onRequest', (request, reply, done) => {
    const type = request.raw.headers['content-type'];
    if (type) request.raw.headers['content-type'] = plainContentType(type);
    reply.headers(securityHeaders);
    reply.header('x-request-id', request.id);
    requests.begin(request.method, request.routeOptions.url ?? 'none', reply.raw);
    done();
  });
}

/** A URL that cannot be decoded and the like: no route, so no filter. */
function answerEarly(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const answer = errorAnswer(knownFailure(error), request.id, request.headers?.accept);
  void reply
    .code(answer.status)
    .header('X-Request-Id', request.id)
    .header('Content-Type', answer.contentType)
    .send(JSON.stringify(answer.body));
}

/** Bytes that are no HTTP: answered on the bare socket, then closed. */
function answerSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'HEADERS_TOO_LARGE' : 'REQUEST_INVALID';
  const id = randomUUID();
  const { status, body, contentType } = errorAnswer(new ConduitError(code), id, undefined);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n${text}`,
  );
}
