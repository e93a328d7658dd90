/** What Fastify, Nest, Node and the store throw at the edge, as codes of the catalogue. */
import { HttpException } from '@nestjs/common';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const fastifyCodes: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_INVALID',
  FST_ERR_BAD_URL: 'ROUTE_NOT_FOUND',
  FST_ERR_MAX_PARAM_LENGTH: 'ROUTE_NOT_FOUND',
  FST_ERR_ASYNC_CONSTRAINT: 'ROUTE_NOT_FOUND',
  FST_ERR_NOT_FOUND: 'ROUTE_NOT_FOUND',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** SQLSTATE of a NUL in a text or a JSON document: PostgreSQL holds none, and no name or id of ours has one. */
const storeCodes: Record<string, ErrorCode> = {
  '22021': 'REQUEST_INVALID',
  '22P05': 'REQUEST_INVALID',
};

const namedCodes = { ...fastifyCodes, ...storeCodes };

const statusCodes: Record<number, ErrorCode> = {
  400: 'REQUEST_INVALID',
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  431: 'HEADERS_TOO_LARGE',
};

export function knownFailure(error: unknown): ConduitError {
  if (error instanceof ConduitError) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const named = typeof code === 'string' ? namedCodes[code] : undefined;
  const status = error instanceof HttpException ? error.getStatus() : Number(statusCode);
  const found = named ?? statusCodes[status];
  return new ConduitError(found ?? 'INTERNAL', { cause: error });
}

const OURS = /(?:apps|libs)\/[\w./-]+:\d+/;

/** For the log: what a stranger's error was and where in our code, never what it said. */
export function traceOf(error: unknown): { errorName?: string; at?: string } {
  if (!(error instanceof Error)) return {};
  const at = OURS.exec(error.stack?.split('\n').slice(1).join('\n') ?? '')?.[0];
  return { errorName: error.name.slice(0, 64), ...(at && { at }) };
}

/** What the operating system refused: a code of its own such as EADDRINUSE, and the port that it was about. */
export function systemFaultOf(error: unknown): { systemCode?: string; port?: number } {
  const { code, syscall, port } = error as { code?: unknown; syscall?: unknown; port?: unknown };
  if (typeof syscall !== 'string' || typeof code !== 'string') return {};
  return { systemCode: code, ...(typeof port === 'number' && { port }) };
}
