/** A CONNECT proxy that can fall silent without closing anything, as a network that lost power does. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export class FreezingProxy {
  private readonly server = createServer();
  private readonly pairs: [Socket, Socket][] = [];

  constructor() {
    this.server.on('connect', (request, client: Socket) => {
      const [host, port] = (request.url ?? '').split(':');
      const target = connect({ host: host as string, port: Number(port), allowHalfOpen: true });
      target.on('connect', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.on('data', (chunk) => target.write(chunk));
        target.on('data', (chunk) => client.write(chunk));
        client.on('end', () => this.isFrozen || target.end());
        target.on('end', () => this.isFrozen || client.end());
      });
      for (const socket of [client, target]) socket.on('error', () => undefined);
      this.pairs.push([client, target]);
    });
  }

  private isFrozen = false;

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  freeze(): void {
    this.isFrozen = true;
    for (const [client, target] of this.pairs) {
      client.removeAllListeners('data').pause();
      target.removeAllListeners('data').pause();
    }
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.pairs.flat()) socket.destroy();
    await closed;
  }
}
