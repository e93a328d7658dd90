/** One call to the API as a case makes it: whatever comes back, or does not, becomes a line of its history. */
import type { Told } from '#test/faults/case-history.js';
import type { CallOptions, TestConduit } from '#test/support/start-conduit.js';

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body broke off, or there was no answer at all. */
  isCutShort: boolean;
}

type Method = 'GET' | 'POST' | 'DELETE';

const PATIENCE_MS = 100_000;

export class Caller {
  constructor(
    readonly conduit: TestConduit,
    readonly key: string,
    private readonly leaving: AbortSignal,
  ) {}

  get hasLeft(): boolean {
    return this.leaving.aborted;
  }

  get siteId(): string {
    return this.conduit.siteId;
  }

  /** Never rejects; status 0 stands for no answer. */
  async call(method: Method, path: string, options: CallOptions = {}): Promise<Reply> {
    const signal = AbortSignal.any([this.leaving, AbortSignal.timeout(PATIENCE_MS)]);
    const reply: Reply = { status: 0, headers: {}, text: '', isCutShort: true };
    try {
      const answer = await this.conduit.open(method, path, { key: this.key, signal, ...options });
      reply.status = answer.statusCode;
      reply.headers = answer.headers;
      const pieces: Buffer[] = [];
      for await (const piece of answer.body) pieces.push(piece as Buffer);
      reply.text = Buffer.concat(pieces).toString();
      reply.isCutShort = false;
    } catch {
      // Told as it is: cut short.
    }
    return reply;
  }

  /** The same caller once the fault is over: it has not left any more. */
  afterHealing(): Caller {
    return new Caller(this.conduit, this.key, new AbortController().signal);
  }
}

export function parsed(reply: Reply): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(reply.text);
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What an answer says of itself, whichever call it answers. */
export function toTold(call: Told['call'], reply: Reply, more: Partial<Told> = {}): Told {
  const { code, retry } = parsed(reply);
  return {
    call,
    isAfterHealing: false,
    // An answer that broke off before its end says nothing for sure.
    status: reply.isCutShort && call !== 'run' ? 0 : reply.status,
    ...(reply.isCutShort && { isCutShort: true }),
    ...(typeof code === 'string' && { code }),
    ...((retry === 'safe' || retry === 'unknown' || retry === 'never') && { retry }),
    ...more,
  };
}
