/**
 * The running agent's ear for commands on its own machine: HTTP on a socket of mode 0600, a token
 * checked before anything is read, small bodies of exact form. Nothing on the network reaches it.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';

import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import {
  controlAddress,
  controlTokenFile,
  preparePlace,
} from '#apps/agent/src/control/control-place.js';
import { answerControl, type ControlParts } from '#apps/agent/src/control/control-routes.js';
import { writeDurably } from '#apps/agent/src/grants/durable-file.js';

const MAX_BODY_BYTES = 65_536;

export class ControlServer {
  private readonly address: string;
  private readonly token = randomBytes(32).toString('base64url');
  private server: Server | undefined;

  constructor(
    private readonly stateFolder: string,
    private readonly parts: ControlParts,
  ) {
    this.address = controlAddress(stateFolder);
  }

  /** @throws ConduitError AGENT_ALREADY_RUNNING when another agent answers at this state folder */
  async listen(): Promise<void> {
    await preparePlace(this.stateFolder);
    if (await answers(this.address)) throw new ConduitError('AGENT_ALREADY_RUNNING');
    await writeDurably(controlTokenFile(this.stateFolder), this.token);
    const onPipe = this.address.startsWith('\\\\');
    // What a crashed agent left behind; nobody listens there.
    if (!onPipe) await rm(this.address, { force: true });
    const server = createServer((request, response) => void this.serve(request, response));
    server.requestTimeout = 10_000;
    server.maxConnections = 16;
    // Between bind and chmod the socket must not be open to others either.
    const mask = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.address, resolve);
      });
    } finally {
      process.umask(mask);
    }
    if (!onPipe) await chmod(this.address, 0o600);
    this.server = server;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(controlTokenFile(this.stateFolder), { force: true });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.requireToken(request);
      const body = request.method === 'POST' ? await readJson(request) : {};
      const answer = await answerControl(`${request.method} ${request.url}`, body, this.parts);
      reply(response, 200, answer);
    } catch (error) {
      const { code, facts, status } = toConduitError(error);
      reply(response, status, { code, facts });
    }
  }

  private requireToken(request: IncomingMessage): void {
    const sent = Buffer.from(request.headers.authorization ?? '');
    const right = Buffer.from(`Bearer ${this.token}`);
    if (sent.length !== right.length || !timingSafeEqual(sent, right))
      throw new ConduitError('CONTROL_REFUSED');
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new ConduitError('BODY_TOO_LARGE');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    throw new ConduitError('BODY_NOT_JSON');
  }
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
