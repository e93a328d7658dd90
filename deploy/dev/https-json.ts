/** JSON over HTTPS with a private authority: what the set-up needs to act as operator and integrator. */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { StartError } from '#deploy/dev/child-program.js';

export interface JsonAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** An answer that says no, in words: the code, what it means, and who can do what about it. */
export function refusal({ status, body }: JsonAnswer): string[] {
  const { code, detail, remedy, whoCanFix, errorDetails } = (body ?? {}) as {
    code?: string;
    detail?: string;
    remedy?: string;
    whoCanFix?: string;
    errorDetails?: { errorCode?: string | number; errorMessage?: string };
  };
  const { errorCode = '', errorMessage } = errorDetails ?? {};
  return [
    `was answered ${status} ${code ?? errorCode}`.trim(),
    ...[detail ?? errorMessage, remedy].filter((line) => line !== undefined),
    ...(whoCanFix ? [`Who can fix it: ${whoCanFix}.`] : []),
  ];
}

export class HttpsJson {
  private readonly agent: Agent;

  constructor(
    readonly origin: string,
    caFile: string,
    private readonly headers: Record<string, string>,
  ) {
    this.agent = new Agent({ connect: { ca: readFileSync(caFile) } });
  }

  async request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<JsonAnswer> {
    const answer = await this.agent.request({
      origin: this.origin,
      path,
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...this.headers,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  /** The body of a good answer; any other answer is a StartError with its code and remedy. */
  async expect<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const answer = await this.request(method, path, body);
    if (answer.status >= 200 && answer.status < 300) return answer.body as T;
    throw new StartError([`${method} ${path}`, ...refusal(answer)].join('\n    '));
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
