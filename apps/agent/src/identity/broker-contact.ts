/**
 * HTTPS to the broker before there is a link, directly or through a proxy, with failures named for
 * a technician. Trust comes from the machine's roots or from the device CA that the enrolment code
 * or the identity pins; nothing is ever sent over a connection that OpenSSL has not verified.
 */
import { X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { isErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { connectDirectly, connectThroughProxy, type Hold } from '#libs/link/connect-proxy.js';
import { diagnose, DialTimeout, type DialTrace } from '#libs/link/diagnose.js';

const ATTEMPT_MS = 15_000;
const MAX_ANSWER_BYTES = 262_144;

export interface BrokerAddress {
  brokerUrl: string;
  /** `http://[user:password@]host:port` */
  proxy?: string;
}

export interface BrokerCall {
  method: 'GET' | 'POST';
  path: string;
  body?: object;
}

/** Extra authorities, PEM, instead of the machine's own; or the chain looked at and not trusted. */
export type Trust = { ca: string } | 'machine' | 'unverified';

/** @throws ConduitError, as `diagnose` names it, or the code with which the broker answered */
export async function callBroker(
  address: BrokerAddress,
  call: BrokerCall,
  trust: Trust,
  skewMs?: number,
): Promise<unknown> {
  return attempt(address, skewMs, async (hold, trace) => {
    const socket = await openSocket(address, trust, trace, hold);
    trace.stage = 'upgrade';
    return readAnswer(await send(socket, new URL(address.brokerUrl), call));
  });
}

/** The chain the other end shows, leaf first. Nothing is sent. */
export async function lookAtChain(address: BrokerAddress): Promise<X509Certificate[]> {
  return attempt(address, undefined, async (hold, trace) => {
    const socket = await openSocket(address, 'unverified', trace, hold);
    const chain: X509Certificate[] = [];
    let shown = socket.getPeerX509Certificate();
    while (shown && chain.length < 10 && !chain.some((seen) => seen.raw.equals(shown!.raw))) {
      chain.push(shown);
      shown = shown.issuerCertificate;
    }
    socket.destroy();
    return chain;
  });
}

async function attempt<T>(
  address: BrokerAddress,
  skewMs: number | undefined,
  work: (hold: Hold, trace: DialTrace) => Promise<T>,
): Promise<T> {
  const held: { destroy(): unknown }[] = [];
  const trace: DialTrace = {
    host: new URL(address.brokerUrl).hostname,
    stage: 'connect',
    ...(address.proxy !== undefined && { proxyHost: new URL(address.proxy).hostname }),
    ...(skewMs !== undefined && { skewMs }),
  };
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DialTimeout()), ATTEMPT_MS);
  });
  try {
    return await Promise.race([work((resource) => held.push(resource), trace), timeout]);
  } catch (error) {
    throw diagnose(error, trace);
  } finally {
    clearTimeout(timer);
    for (const resource of held) resource.destroy();
  }
}

async function openSocket(
  { brokerUrl, proxy }: BrokerAddress,
  trust: Trust,
  trace: DialTrace,
  hold: Hold,
): Promise<TLSSocket> {
  const url = new URL(brokerUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 443 : Number(url.port);
  const raw = await (proxy === undefined
    ? connectDirectly(host, port, hold)
    : connectThroughProxy(proxy, host, port, hold));
  trace.stage = 'tls';
  const options: ConnectionOptions = {
    socket: raw,
    host,
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: trust !== 'unverified',
    ...(typeof trust === 'object' && { ca: trust.ca }),
  };
  return new Promise((resolve, reject) => {
    const socket = connectTls(options);
    hold(socket);
    socket.prependOnceListener('secure', () => noteIssuer(socket, trace));
    socket.once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('cut'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => resolve(socket));
  });
}

function noteIssuer(socket: TLSSocket, trace: DialTrace): void {
  // Not getPeerX509Certificate: Node 20 gives that out once, and whoever looks at the chain needs it.
  const issuer = socket.getPeerCertificate().issuer?.CN;
  const commonName = commonNameOf(issuer && `CN=${issuer}`);
  if (commonName !== undefined) trace.issuer = commonName;
}

/** Printable and short: the words are a stranger's. */
export function commonNameOf(distinguishedName: string | undefined): string | undefined {
  const line = distinguishedName?.split('\n').find((part) => part.startsWith('CN='));
  return line
    ?.slice(3)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 64);
}

function send(socket: TLSSocket, url: URL, call: BrokerCall): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const request = httpRequest({
    createConnection: () => socket,
    method: call.method,
    path: call.path,
    headers: {
      host: url.host,
      connection: 'close',
      accept: 'application/problem+json, application/json',
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    },
  });
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('response', resolve);
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new ConduitError('LINK_PROTOCOL');
    chunks.push(chunk);
  }
  const answer = parse(Buffer.concat(chunks).toString('utf8'));
  if (response.statusCode === 200 && answer !== undefined) return answer;
  const code = (answer as { code?: unknown } | undefined)?.code;
  if (isErrorCode(code)) throw new ConduitError(code);
  throw new ConduitError('LINK_PROTOCOL', { facts: { reason: `status-${response.statusCode}` } });
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
