/** JSON over HTTPS with a private authority: what the set-up needs to act as operator and integrator. */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { StartError } from '#deploy/dev/child-program.js';

export interface JsonAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
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
      headers: { ...this.headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  /** The body of a good answer; any other answer is a StartError that names the status. */
  async expect<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const answer = await this.request(method, path, body);
    if (answer.status >= 200 && answer.status < 300) return answer.body as T;
    const said =
      (answer.body as { error?: { message?: string } } | undefined)?.error?.message ?? '';
    throw new StartError(`${method} ${path} answered ${answer.status}. ${said}`);
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
