/** How the caller of a query wants its rows: from the query string and the Accept headers. */
import { IsIn, IsOptional } from 'class-validator';
import { readDto } from '#libs/contracts/read-dto.js';
import type { FastifyRequest } from 'fastify';

export const NDJSON_TYPE = 'application/x-ndjson';

class AnswerOptionsDto {
  @IsOptional()
  @IsIn(['true', 'false'])
  columns?: 'true' | 'false';

  @IsOptional()
  @IsIn(['first', 'all'])
  resultSets?: 'first' | 'all';
}

export interface AnswerOptions {
  columns: boolean;
  resultSets: 'first' | 'all';
  streamed: boolean;
  acceptsBrotli: boolean;
}

/** @throws InvalidFields for a query parameter that is unknown or has a wrong value */
export function readAnswerOptions(request: FastifyRequest): AnswerOptions {
  const { headers, query } = request;
  const asked = isEmpty(query) ? {} : readDto(AnswerOptionsDto, query);
  return {
    columns: asked.columns === 'true',
    resultSets: asked.resultSets ?? 'first',
    streamed: headers.accept?.includes(NDJSON_TYPE) ?? false,
    acceptsBrotli: acceptsBrotli(headers['accept-encoding']),
  };
}

function isEmpty(query: unknown): query is Record<string, never> {
  for (const key in query as object) return key === undefined;
  return true;
}

/** `br` named with a weight above 0 (RFC 9110 §12.5.3); `*` is taken as politeness, not as a wish. */
function acceptsBrotli(accept: string | string[] | undefined): boolean {
  if (accept === undefined) return false;
  return String(accept)
    .split(',')
    .some((coding) => /^\s*br\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
}
