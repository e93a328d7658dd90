/**
 * One call to a receiver that may be anything: the name is resolved once, every address of it must be
 * public, the connection goes to those addresses and no others, no redirect is followed, an answer is
 * cut after 64 KB, and five seconds are all it gets, names included.
 */
import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP, type BlockList, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Injectable } from '@nestjs/common';
import { Client, type Dispatcher } from 'undici';
import { readRanges } from '#apps/broker/src/access/address-ranges.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { isCallableAddress } from '#apps/broker/src/webhooks/public-address.js';
import { resolveByDns, type Resolve } from '#apps/broker/src/webhooks/resolve-name.js';
import { readRetryAfter, type AttemptOutcome } from '#apps/broker/src/webhooks/retry-plan.js';
import type { AttemptError } from '#libs/contracts/webhooks.js';
import { Clock } from '#libs/kernel/clock.js';

const CALL_MS = 5_000;
const ANSWER_BYTES = 64 * 1024;
const ANSWER_HEADER_BYTES = 16 * 1024;

class Refused extends Error {
  constructor(readonly error: AttemptError) {
    super(error);
  }
}

@Injectable()
export class CallReceiver {
  private readonly opened: BlockList;
  private readonly authorities: string[] | undefined;
  /** Seams for tests: names that change what they stand for, and less patience. */
  resolve: Resolve = resolveByDns();
  callMs = CALL_MS;

  constructor(
    config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    this.opened = readRanges(config.webhookPrivateRanges);
    const { webhookCaFile } = config;
    if (webhookCaFile !== undefined) {
      this.authorities = [...rootCertificates, readFileSync(webhookCaFile, 'utf8')];
    }
  }

  /** Never rejects: whatever the receiver does is an outcome. */
  async post(url: URL, headers: Record<string, string>, body: Buffer): Promise<AttemptOutcome> {
    const began = performance.now();
    const took = () => Math.round(performance.now() - began);
    try {
      const answer = await this.send(url, headers, body, AbortSignal.timeout(this.callMs));
      return { ...this.judge(answer), durationMs: took() };
    } catch (thrown) {
      return { error: errorOf(thrown), durationMs: took() };
    }
  }

  /** Whether the URL leads to public addresses only, as far as can be known now. */
  async leadsOutside(url: URL): Promise<boolean> {
    try {
      await orAborted(this.addressesOf(url.hostname), AbortSignal.timeout(this.callMs));
      return true;
    } catch {
      return false;
    }
  }

  private async send(url: URL, headers: Record<string, string>, body: Buffer, signal: AbortSignal) {
    const addresses = await orAborted(this.addressesOf(url.hostname), signal);
    const client = new Client(url.origin, {
      connect: {
        lookup: pinned(addresses),
        timeout: this.callMs,
        minVersion: 'TLSv1.2',
        ...(this.authorities && { ca: this.authorities }),
      },
      maxHeaderSize: ANSWER_HEADER_BYTES,
      headersTimeout: this.callMs,
      bodyTimeout: this.callMs,
    });
    try {
      const path = url.pathname + url.search;
      const answer = await client.request({ method: 'POST', path, headers, body, signal });
      // The status is the answer; the rest is taken politely while it is small and comes in time.
      await drain(answer.body);
      return answer;
    } finally {
      // Not `close`: a receiver that never ends its answer would hold it open.
      void client.destroy().catch(() => undefined);
    }
  }

  private async addressesOf(hostname: string): Promise<LookupAddress[]> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(host);
    const found = family === 0 ? await this.resolve(host) : [{ address: host, family }];
    const isRight = found.every(({ address }) => isCallableAddress(address, this.opened));
    if (found.length === 0 || !isRight) throw new Refused('address-refused');
    return found;
  }

  private judge({
    statusCode,
    headers,
  }: Dispatcher.ResponseData): Omit<AttemptOutcome, 'durationMs'> {
    if (statusCode >= 200 && statusCode < 300) return { statusCode };
    const asked = headers['retry-after'];
    const text = typeof asked === 'string' ? asked : undefined;
    const retryAfterMs = readRetryAfter(text, this.clock.now());
    const isRedirect = statusCode >= 300 && statusCode < 400;
    return {
      error: isRedirect ? 'redirected' : 'status-refused',
      statusCode,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }
}

/** Answers with what was checked, whatever the name stands for by now. */
function pinned(addresses: LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  };
}

/** Takes the body until it ends, is too much, breaks or the time is over. */
async function drain(body: Dispatcher.ResponseData['body']): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes > ANSWER_BYTES) return;
    }
  } catch {
    // The status came before.
  }
}

/** What cannot be stopped (a resolver) is left alone once the time is over. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

function errorOf(thrown: unknown): AttemptError {
  if (thrown instanceof Refused) return thrown.error;
  const { name, code = '' } = thrown as { name?: string; code?: unknown };
  const word = typeof code === 'string' ? code : '';
  if (name === 'TimeoutError' || /TIMEOUT|TIMEDOUT/.test(word)) return 'timed-out';
  return /CERT|SSL|TLS|EPROTO|SELF_SIGNED|VERIFY|ISSUER/.test(word)
    ? 'tls-failed'
    : 'connection-failed';
}
