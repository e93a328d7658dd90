/** A real HTTP proxy that knows only CONNECT, for tests of the dialler. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export class ConnectProxy {
  /** What clients asked for: `host:port`. */
  readonly asked: string[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param credentials `user:password` that clients must show, if any */
  constructor(private readonly credentials?: string) {
    this.server = createServer((_request, response) => response.writeHead(405).end());
    this.server.on('connection', (socket: Socket) => this.track(socket));
    this.server.on('connect', (request, socket: Socket) => {
      this.asked.push(request.url ?? '');
      if (!this.admits(request.headers['proxy-authorization'])) {
        return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      }
      const [host, port] = (request.url ?? '').split(':');
      const target = connect({ host: host as string, port: Number(port) }, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      this.track(target);
      target.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    });
  }

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const { port } = this.server.address() as AddressInfo;
    return this.credentials === undefined
      ? `http://127.0.0.1:${port}`
      : `http://${this.credentials}@127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private admits(header: string | undefined): boolean {
    if (this.credentials === undefined) return true;
    return header === `Basic ${Buffer.from(this.credentials).toString('base64')}`;
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
