/** A webhook receiver on this machine: real HTTPS, an answer of one's choice, a memory of its calls. */
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { FixtureAuthority, type PemPair } from '#libs/link/certificates.fixture.js';

export interface ReceivedCall {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  servername: string | false | null;
  atMs: number;
}

type Answer = (response: ServerResponse, call: ReceivedCall, request: IncomingMessage) => void;

export const answerStatus =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

export class Receiver extends EventEmitter {
  readonly calls: ReceivedCall[] = [];
  /** Sockets that ever came, calls or not. */
  connections = 0;
  answer: Answer = answerStatus(200);
  private server!: Server;

  private constructor(
    readonly authority: FixtureAuthority,
    private readonly folder: string,
    /** PEM of what its certificate is signed by. */
    readonly caFile: string,
    readonly pair: PemPair,
  ) {
    super();
  }

  /** @param listenTo an address of this machine */
  static async start(listenTo = '127.0.0.1'): Promise<Receiver> {
    const authority = await FixtureAuthority.create('Receiver CA');
    const folder = mkdtempSync(join(tmpdir(), 'conduit-receiver-'));
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, authority.ca);
    const receiver = new Receiver(authority, folder, caFile, await authority.server());
    receiver.server = createServer(receiver.pair, (request, response) =>
      receiver.take(request, response),
    );
    receiver.server.on('connection', () => (receiver.connections += 1));
    receiver.server.on('tlsClientError', () => undefined);
    receiver.server.listen(0, listenTo);
    await once(receiver.server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://localhost:${this.port}/hooks`;
  }

  /** Resolves once there were so many calls. */
  async received(count: number): Promise<ReceivedCall[]> {
    while (this.calls.length < count) await once(this, 'call');
    return this.calls;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const call: ReceivedCall = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        servername: (request.socket as TLSSocket).servername as string | false | null,
        atMs: Date.now(),
      };
      this.calls.push(call);
      this.answer(response, call, request);
      this.emit('call');
    });
  }
}
