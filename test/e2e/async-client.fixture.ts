/** An integrator's program for async queries. */
import { settle } from '#test/support/settle.js';
import type { Answer, CallOptions, TestConduit } from '#test/support/start-conduit.js';

/** T-SQL of about a kilobyte in which nothing repeats: packed it is half as long, and no less. */
export const UNPACKABLE = Array<string>(27).fill('CAST(NEWID() AS varchar(36))').join(' + ');

export interface AsyncQueryView {
  id: string;
  status: string;
  code?: string;
  errorMessage?: string;
  queue?: { position?: number; reason: string };
  result?: {
    rows?: number;
    rowsAffected?: number;
    pages: { pageNumber: number; status: string }[];
  };
}

const ENDED = ['successful', 'executionFailed', 'uploadFailed', 'expiredInQueue'];

export class AsyncClient {
  constructor(readonly conduit: TestConduit) {}

  /** @returns the answer, whatever it is */
  send(text: string, more: object = {}, options: CallOptions = {}): Promise<Answer> {
    const body = { command: { text }, ...more };
    return this.conduit.call('POST', `${this.conduit.queriesPath}/async`, { body, ...options });
  }

  /** @returns the id of a query that was accepted */
  async submit(text: string, more: object = {}): Promise<string> {
    const answer = await this.send(text, more);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return (answer.body as AsyncQueryView).id;
  }

  get(path: string): Promise<Answer> {
    return this.conduit.call('GET', `${this.conduit.queriesPath}/${path}`);
  }

  remove(path: string): Promise<Answer> {
    return this.conduit.call('DELETE', `${this.conduit.queriesPath}/${path}`);
  }

  /** A query that the broker cannot be asked about at the moment has not ended for all we know. */
  async until(id: string, wanted: string[], withinMs = 30_000): Promise<AsyncQueryView> {
    return settle(`${id} is ${wanted.join()}`, withinMs, async () => {
      const answer = await this.get(id).catch(() => undefined);
      const view = answer?.body as AsyncQueryView | undefined;
      return answer?.status === 200 && view && wanted.includes(view.status) ? view : undefined;
    });
  }

  untilEnded(id: string, withinMs?: number): Promise<AsyncQueryView> {
    return this.until(id, ENDED, withinMs);
  }

  async page(id: string, number: number): Promise<unknown[]> {
    const answer = await this.get(`${id}/results/${number}`);
    const { data } = answer.body as { data: string };
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as unknown[];
  }
}
