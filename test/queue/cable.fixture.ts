/** The wire between one node and its Redis: a socket that can be cut, and joined to another server. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Cable {
  private readonly sockets = new Set<Socket>();
  private target: string | undefined;

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {
    server.on('connection', (near) => this.join(near));
  }

  /** @param target url of a Redis, `unix:///path` */
  static async lay(target: string): Promise<Cable> {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-cable-'));
    const server = createServer();
    const cable = new Cable(folder, server);
    cable.connect(target);
    server.listen(join(folder, 'end.sock'));
    await once(server, 'listening');
    return cable;
  }

  get url(): string {
    return `unix://${join(this.folder, 'end.sock')}`;
  }

  connect(target: string): void {
    this.target = new URL(target).pathname;
  }

  /** Nothing passes any more, and nothing said goodbye. */
  cut(): void {
    this.target = undefined;
    for (const socket of this.sockets) socket.destroy();
  }

  async remove(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private join(near: Socket): void {
    const far = this.target === undefined ? undefined : connect(this.target);
    for (const socket of [near, far]) {
      if (!socket) continue;
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.sockets.delete(socket);
        near.destroy();
        far?.destroy();
      });
    }
    if (!far) near.destroy();
    else near.pipe(far).pipe(near);
  }
}
