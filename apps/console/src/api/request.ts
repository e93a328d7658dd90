/**
 * Every call of the console goes through here: same origin only, JSON both ways, and each failure
 * becomes a Problem in words a person can act on. Whoever wants to know that the session has ended
 * is told once per refusal; the call still fails, so that its page keeps what was typed.
 */
import { isSomebodyThere } from './presence.js';

export interface FieldProblem {
  field: string;
  problem: string;
}

/** RFC 9457, as the broker writes it from its one catalogue. */
interface ProblemBody {
  title: string;
  status: number;
  code: string;
  remedy: string;
  requestId?: string;
  reason?: string;
  retryAfterMs?: number;
  /** Of an incident that is open already: which. */
  incidentId?: string;
  errors?: FieldProblem[];
  /** Of a query: what the database said. */
  errorDetails?: { errorMessage?: string };
}

export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(private readonly body: ProblemBody) {
    super(body.title);
  }

  /** 0 where no answer came at all. */
  get status(): number {
    return this.body.status;
  }

  get code(): string {
    return this.body.code;
  }

  get title(): string {
    return this.body.title;
  }

  /** What the person can do about it. */
  get remedy(): string {
    return this.body.remedy;
  }

  /** To be quoted when asking for help. */
  get requestId(): string | undefined {
    return this.body.requestId;
  }

  /** A word from a closed list that narrows the code. */
  get reason(): string | undefined {
    return this.body.reason;
  }

  get incidentId(): string | undefined {
    return this.body.incidentId;
  }

  get retryAfterMs(): number | undefined {
    return this.body.retryAfterMs;
  }

  /** Of a query that the database refused, in the database's own words. */
  get databaseWords(): string | undefined {
    return this.body.errorDetails?.errorMessage || undefined;
  }

  get fields(): FieldProblem[] {
    return this.body.errors ?? [];
  }

  /** Whether the session is the cause: absent, expired or signed out elsewhere. */
  get endsSession(): boolean {
    return this.status === 401 && this.code.startsWith('SESSION_');
  }
}

const unreachable: ProblemBody = {
  status: 0,
  code: 'NO_CONNECTION',
  title: 'Conduit can’t be reached.',
  remedy: 'Check this computer’s internet connection, then try again.',
};

const unreadable: ProblemBody = {
  status: 502,
  code: 'ANSWER_UNREADABLE',
  title: 'Something between this computer and Conduit answered in its place.',
  remedy: 'Try again in a minute. If it stays like this, ask whoever looks after your network.',
};

const listeners = new Set<() => void>();

/** @returns a function that stops the telling */
export function onSessionEnd(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * @param path below `/console/api`, e.g. `/session`; parts made from ids go through `encodeURIComponent`
 * @returns the parsed answer; undefined where the answer has no body
 * @throws Problem, and nothing else but the AbortError of `signal`
 */
export async function request<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers?: Record<string, string>,
): Promise<T> {
  const response = await send(method, path, body, signal, headers);
  const text = await response.text().catch(() => undefined);
  const parsed = text === '' ? undefined : parse(text);
  if (response.ok && (text === '' || parsed !== undefined)) return parsed as T;
  throw problemOf(parsed);
}

export interface AnsweredFile {
  name: string;
  content: Blob;
}

/**
 * A call whose answer is a file to be saved, whole: one that was cut off is a Problem.
 * @throws Problem
 */
export async function requestFile(
  method: Method,
  path: string,
  body: unknown,
): Promise<AnsweredFile> {
  const response = await send(method, path, body, undefined, undefined);
  if (!response.ok) throw problemOf(parse(await response.text().catch(() => undefined)));
  const said = response.headers.get('content-disposition') ?? '';
  const name = /filename="([\w.-]+)"/.exec(said)?.[1];
  if (name === undefined) throw problemOf(undefined);
  try {
    return { name, content: await response.blob() };
  } catch {
    throw new Problem(unreachable);
  }
}

function problemOf(parsed: unknown): Problem {
  const problem = new Problem(isProblem(parsed) ? parsed : unreadable);
  if (problem.endsSession) for (const listener of listeners) listener();
  return problem;
}

async function send(
  method: Method,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
  headers: Record<string, string> | undefined,
): Promise<Response> {
  try {
    return await fetch(`/console/api${path}`, {
      method,
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
        ...(!isSomebodyThere() && { 'x-conduit-unattended': '1' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(unreachable);
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is ProblemBody {
  if (typeof value !== 'object' || value === null) return false;
  const { title, status, code, remedy } = value as Partial<ProblemBody>;
  return (
    typeof title === 'string' &&
    typeof status === 'number' &&
    typeof code === 'string' &&
    typeof remedy === 'string'
  );
}

/** Whatever was thrown, as something that can be shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: 500,
    code: 'PAGE_FAILED',
    title: 'This page has a fault.',
    remedy: 'Load it again. If it stays like this, tell Conduit’s support which page it was.',
  });
}
