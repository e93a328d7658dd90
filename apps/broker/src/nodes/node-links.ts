/**
 * Links from this node to others, each dialled when it is first needed and kept. The other end must
 * show the certificate of that very node: an address that leads elsewhere leads nowhere. Where a node is
 * comes out of Redis, so it is held against the declared hosts first.
 */
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { ServerCredentials } from '#apps/broker/src/enrolment/server-identity.js';
import { NodeIdentity } from '#apps/broker/src/nodes/node-identity.js';
import { nodeLink } from '#apps/broker/src/nodes/node-link-limits.js';
import type { NodePlace } from '#apps/broker/src/nodes/presence.port.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { dial } from '#libs/link/dial.js';
import { LinkClient } from '#libs/link/link-client.js';
import { isNodeId, nodeHost } from '#libs/pki/node-name.js';

const HANDSHAKE_MS = 3_000;
/** Whoever asks meanwhile need not wait for a handshake that has just failed. */
const FAILED_MS = 1_000;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):(\d{1,5})$/;
/** Longer than any stream may run. */
const DRAIN_MS = 900_000;

interface Held {
  client: LinkClient;
  credentials: ServerCredentials;
}

@Injectable()
export class NodeLinks implements OnApplicationShutdown {
  private readonly held = new Map<string, Held>();
  private readonly dialling = new Map<string, Promise<LinkClient | undefined>>();
  private readonly failedAtMs = new Map<string, number>();

  constructor(
    private readonly identity: NodeIdentity,
    private readonly clock: Clock,
    private readonly config: BrokerConfig,
    private readonly log: EventLog,
  ) {}

  /** @returns undefined: it cannot be reached, or is this node */
  async to(place: NodePlace): Promise<LinkClient | undefined> {
    const { nodeId } = place;
    // Redis is not trusted to hold what belongs into a log.
    if (!isNodeId(nodeId) || nodeId === this.identity.nodeId) return undefined;
    const { current } = await this.identity.open();
    const held = this.held.get(nodeId);
    // One of an older certificate is replaced before that ends.
    if (held?.client.link.state === 'open' && held.credentials === current) return held.client;
    const failedAtMs = this.failedAtMs.get(nodeId) ?? -Infinity;
    if (this.clock.now() - failedAtMs < FAILED_MS) return undefined;
    let dialled = this.dialling.get(nodeId);
    if (!dialled) {
      dialled = this.dial(place, current).finally(() => this.dialling.delete(nodeId));
      this.dialling.set(nodeId, dialled);
    }
    return dialled;
  }

  onApplicationShutdown(): void {
    for (const { client } of this.held.values()) client.link.close();
  }

  private async dial(
    { nodeId, address }: NodePlace,
    credentials: ServerCredentials,
  ): Promise<LinkClient | undefined> {
    const [, host = '', port = ''] = ADDRESS.exec(address) ?? [];
    if (!this.config.residency.permits(host, 'node')) {
      this.failedAtMs.set(nodeId, this.clock.now());
      this.log.write('node.undeclared', { nodeId });
      return undefined;
    }
    try {
      const { link } = await dial({
        host: host.replace(/^\[|\]$/g, ''),
        port: Number(port),
        servername: nodeHost(nodeId),
        ca: credentials.authority,
        cert: credentials.chain,
        key: credentials.privateKey,
        handshakeTimeoutMs: HANDSHAKE_MS,
        link: nodeLink,
      });
      const client = new LinkClient(link);
      void this.held.get(nodeId)?.client.link.drain(DRAIN_MS);
      this.held.set(nodeId, { client, credentials });
      this.failedAtMs.delete(nodeId);
      link.once('close', () => {
        if (this.held.get(nodeId)?.client === client) this.held.delete(nodeId);
      });
      return client;
    } catch (error) {
      this.failedAtMs.set(nodeId, this.clock.now());
      this.log.write('node.unreachable', { nodeId, code: toConduitError(error).code });
      return undefined;
    }
  }
}
