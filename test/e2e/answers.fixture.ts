/** What a caller reads in answers, so that tests can say it in one line. */
import { readFileSync } from 'node:fs';
import type { Answer } from '#test/support/start-conduit.js';

interface ErrorShape {
  status: number;
  statusText: string;
  message: string;
  code: string;
  requestId: string;
}

/** The fields of every answer of the API that tests look at. */
export interface Envelope {
  id: string;
  status: string;
  result: {
    rows?: number;
    rowsAffected?: number;
    size: number;
    data: string;
    parameters?: { name: string; direction: string; type?: string; value: string | null }[];
    columns?: unknown;
  };
  errorDetails: { errorType: string; errorCode: number; errorMessage: string };
  error: ErrorShape;
  [field: string]: unknown;
}

export const envelope = ({ body }: Answer): Envelope => body as Envelope;

/** The JSON text in an answer's `data`. */
export function dataText(answer: Answer): string {
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return Buffer.from(envelope(answer).result.data, 'base64').toString();
}

export const dataOf = (answer: Answer): unknown => JSON.parse(dataText(answer));

/** Status and code of a refusal, as one value to compare. */
export const refusal = (answer: Answer): [number, string | undefined] => [
  answer.status,
  envelope(answer).error?.code,
];

export interface Problem {
  code: string;
  retry: string;
  remedy: string;
  whoCanFix: string;
  requestId: string;
  detail: string;
  [field: string]: unknown;
}

/** A problem+json answer; it must say what to do and who can. */
export function problemOf(answer: Answer): Problem {
  const problem = answer.body as Problem;
  const isComplete =
    String(answer.headers['content-type']).startsWith('application/problem+json') &&
    problem.remedy.length > 10 &&
    ['integrator', 'practice', 'MSP', 'operator'].includes(problem.whoCanFix) &&
    ['safe', 'unknown', 'never'].includes(problem.retry);
  if (!isComplete) throw new Error(`not a helpful problem: ${JSON.stringify(answer.body)}`);
  return problem;
}

export const asProblem = { accept: 'application/problem+json' };
export const asLines = { accept: 'application/x-ndjson' };

const KILOBYTE = 1_024;

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * KILOBYTE;
}
