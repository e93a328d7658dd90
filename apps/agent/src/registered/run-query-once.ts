/**
 * One execution of a registered query's statement: the kept request is read and validated anew, and
 * passes the gate, the limits and the journal as every query does.
 */
import { ImmediateQueryDto, type ParameterDto } from '#libs/contracts/command.js';
import type { QueryErrorType, RunQueryEnd } from '#libs/contracts/link-messages.js';
import { readDto } from '#libs/contracts/read-dto.js';
import { RegisteredQueryDto, registeredLimits } from '#libs/contracts/registered.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { QueryRequest } from '#apps/agent/src/execution/query-request.js';
import type { RegisteredDefinition } from '#apps/agent/src/registered/registered-query.js';

/** The room that executes queries, as far as this one needs it. */
export interface QueryRunner {
  execute(request: QueryRequest, signal: AbortSignal): Promise<StreamedReply | RunQueryEnd>;
}

export type RunAnswer =
  | { isSuccess: true; text: Buffer; rows: number; parameters: ParameterDto[] | null; ms: number }
  | { isSuccess: false; failure: RunFailure; ms: number };

export interface RunFailure {
  code: ErrorCode;
  errorType: QueryErrorType;
  errorNumber: number;
  /** May quote patient data: it is sealed to the caller. */
  words: string;
}

/** How long a run may wait for its turn at the database. */
const MAX_WAIT_MS = 30_000;

/** @throws ConduitError BODY_NOT_JSON, REQUEST_INVALID */
export function readRegistered(body: Buffer): RegisteredQueryDto {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's message quotes the body.
    throw new ConduitError('BODY_NOT_JSON');
  }
  const query = readDto(RegisteredQueryDto, value);
  if (query.registerCommand.command.executionMode === 'nonQuery') {
    const field = 'registerCommand.command.executionMode';
    const problem = 'must be reader or scalar: a registered query reads';
    throw new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
  }
  return query;
}

/** @throws ConduitError when nothing was run */
export async function runQueryOnce(
  runner: QueryRunner,
  definition: RegisteredDefinition,
  run: number,
  { registerCommand }: RegisteredQueryDto,
  signal: AbortSignal,
): Promise<RunAnswer> {
  const query = Object.assign(new ImmediateQueryDto(), registerCommand);
  const { registeredId, siteId, integratorId, keyId, grantId, grantSeq } = definition;
  const meta: QueryRequest['meta'] = {
    ...{ queryId: registeredId, siteId, integratorId, keyId, grantId, grantSeq },
    requestId: `${registeredId}.${run}`,
    // Should the statement write after all, under a permission to write: once a run.
    idempotencyKey: `${registeredId}.${run}`,
    lane: 'registered',
    form: 'objects',
    columns: false,
    resultSets: 'first',
    maxWaitMs: MAX_WAIT_MS,
    executionLimitMs: registeredLimits.executionMs,
    maxResultBytes: registeredLimits.resultBytes,
  };
  const answer = await runner.execute({ meta, query }, signal);
  const chunks: Uint8Array[] = [];
  if (answer instanceof StreamedReply) {
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
  }
  const end = answer instanceof StreamedReply ? ((await answer.end()) as RunQueryEnd) : answer;
  const ms = Math.round(end.sqlExecutionMs);
  if (end.error) return { isSuccess: false, failure: failureOf(end.error), ms };
  const text = chunks.length > 0 ? Buffer.concat(chunks) : Buffer.from('[]');
  return { isSuccess: true, text, rows: end.rows ?? 0, parameters: end.parameters ?? null, ms };
}

function failureOf(error: NonNullable<RunQueryEnd['error']>): RunFailure {
  const { code, errorType, errorCode, errorMessage } = error;
  return { code, errorType, errorNumber: errorCode, words: errorMessage };
}
