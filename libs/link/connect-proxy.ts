/** A TCP connection to a host, directly or through an HTTP proxy's CONNECT (RFC 9110, 9.3.6). */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';

/** The proxy answered with something other than 2xx, or could not be reached (status 0). */
export class ProxyRefusal extends Error {
  constructor(
    readonly status: number,
    cause?: unknown,
  ) {
    super('the proxy refused to connect', { cause });
    this.name = 'ProxyRefusal';
  }
}

/** Takes charge of what must be destroyed if the attempt fails or runs out of time. */
export type Hold = (resource: { destroy(): unknown }) => void;

export function connectDirectly(host: string, port: number, hold: Hold): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    hold(socket);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/**
 * @param proxy `http://` or `https://` URL; user and password in it become basic authentication
 * @throws ProxyRefusal
 */
export function connectThroughProxy(
  proxy: string,
  host: string,
  port: number,
  hold: Hold,
): Promise<Socket> {
  const url = new URL(proxy);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...authorisation(url) },
    agent: false,
  });
  hold(request);
  return new Promise((resolve, reject) => {
    request.once('connect', (response, socket: Socket, head: Buffer) => {
      if (response.statusCode === undefined || Math.floor(response.statusCode / 100) !== 2) {
        socket.destroy();
        return reject(new ProxyRefusal(response.statusCode ?? 0));
      }
      hold(socket);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      reject(new ProxyRefusal(response.statusCode ?? 0));
    });
    request.once('error', (error) => reject(new ProxyRefusal(0, error)));
    request.end();
  });
}

function authorisation(url: URL): Record<string, string> {
  if (url.username === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
