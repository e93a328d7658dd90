/**
 * The console over plain HTTP on this machine, for development: browsers refuse passkeys on a page
 * whose certificate they do not trust, and trust `http://localhost`. The requests are answered by the
 * same server as all others. Only the loopback interface, only `/console`, only when it was called
 * `localhost`: a name of somebody else's that leads here is not answered.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOCAL_HOST } from '#apps/broker/src/access/console-origin.js';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const HEADER_BYTES = 16 * 1024;

export class LocalConsole {
  private constructor(private readonly server: Server) {}

  /** @param port 0: any free one @param handle what answers requests of the API's own listener */
  static async listen(port: number, handle: Handle): Promise<LocalConsole> {
    const server = createServer(
      { maxHeaderSize: HEADER_BYTES, requestTimeout: 120_000, keepAliveTimeout: 65_000 },
      (request, response) => {
        if (isOurs(request, (server.address() as AddressInfo).port)) handle(request, response);
        else response.writeHead(404, { 'Content-Length': 0 }).end();
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new LocalConsole(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

const PATHS = /^\/console(?:[/?]|$)/;

function isOurs({ url, headers }: IncomingMessage, port: number): boolean {
  return headers.host === `${LOCAL_HOST}:${port}` && PATHS.test(url ?? '');
}
