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
import type { AddressTable } from '#apps/broker/src/residency/address-table.js';
import { isCallableAddress, isPublicAddress } from '#apps/broker/src/webhooks/public-address.js';
import { resolveByDns, type Resolve } from '#apps/broker/src/webhooks/resolve-name.js';
import { readRetryAfter, type AttemptOutcome } from '#apps/broker/src/webhooks/retry-plan.js';
import type { AttemptError } from '#libs/contracts/webhooks.js';
import { Clock } from '#libs/kernel/clock.js';

const CALL_MS = 5_000;
const ANSWER_BYTES = 64 * 1024;
const ANSWER_HEADER_BYTES = 16 * 1024;

interface Call {
  headers: Record<string, string>;
  body: Buffer;
  signal: AbortSignal;
}

class Refused extends Error {
  constructor(readonly error: AttemptError) {
    super(error);
  }
}

@Injectable()
export class CallReceiver {
  private readonly opened: BlockList;
  private readonly table: AddressTable | undefined;
  private readonly authorities: string[] | undefined;
  /** Seams for tests: names that change what they stand for, and less patience. */
  resolve: Resolve = resolveByDns();
  callMs = CALL_MS;

  constructor(
    config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    this.opened = readRanges(config.webhookPrivateRanges);
    this.table = config.addressTable;
    const { webhookCaFile } = config;
    if (webhookCaFile !== undefined) {
      this.authorities = [...rootCertificates, readFileSync(webhookCaFile, 'utf8')];
    }
  }

  /**
   * Never rejects: whatever the receiver does is an outcome.
   * @param countries where its addresses may stand, when there is a table to tell; absent: anywhere
   */
  async post(
    url: URL,
    headers: Record<string, string>,
    body: Buffer,
    countries?: readonly string[],
  ): Promise<AttemptOutcome> {
    const began = performance.now();
    const took = () => Math.round(performance.now() - began);
    try {
      const signal = AbortSignal.timeout(this.callMs);
      const addresses = await orAborted(this.addressesOf(url.hostname, countries), signal);
      const answer = await this.send(url, addresses, { headers, body, signal });
      return { ...this.judge(answer), durationMs: took() };
    } catch (thrown) {
      return { error: errorOf(thrown), durationMs: took() };
    }
  }

  /** Whether it is known which country an address is in. */
  get hasAddressTable(): boolean {
    return this.table !== undefined;
  }

  /** Whether the URL leads to public addresses only, as far as can be known now. */
  async leadsOutside(url: URL): Promise<boolean> {
    return (await this.wouldRefuse(url)) === undefined;
  }

  /** Why a call would not be made now: its addresses, or the countries that they are in. */
  async wouldRefuse(url: URL, countries?: readonly string[]): Promise<AttemptError | undefined> {
    try {
      const found = this.addressesOf(url.hostname, countries);
      await orAborted(found, AbortSignal.timeout(this.callMs));
      return undefined;
    } catch (thrown) {
      return thrown instanceof Refused ? thrown.error : 'address-refused';
    }
  }

  private async send(url: URL, addresses: LookupAddress[], call: Call) {
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
      const answer = await client.request({ method: 'POST', path, ...call });
      // The status is the answer; the rest is taken politely while it is small and comes in time.
      await drain(answer.body);
      return answer;
    } finally {
      // Not `close`: a receiver that never ends its answer would hold it open.
      void client.destroy().catch(() => undefined);
    }
  }

  private async addressesOf(
    hostname: string,
    countries: readonly string[] | undefined,
  ): Promise<LookupAddress[]> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(host);
    const found = family === 0 ? await this.resolve(host) : [{ address: host, family }];
    const isRight = found.every(({ address }) => isCallableAddress(address, this.opened));
    if (found.length === 0 || !isRight) throw new Refused('address-refused');
    if (!found.every(({ address }) => this.standsIn(address, countries)))
      throw new Refused('country-refused');
    return found;
  }

  /** Without a table nobody can tell. What development has opened stands in no country. */
  private standsIn(address: string, countries: readonly string[] | undefined): boolean {
    if (!this.table || !countries || !isPublicAddress(address)) return true;
    const country = this.table.countryOf(address);
    return country !== undefined && countries.includes(country);
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
