/**
 * Where other nodes dial in: a listener of its own, for a network that no agent is on. Its certificate
 * and theirs are nodes' certificates, which no agent can have; what agents may ask of the broker is not
 * served here, and what nodes may ask is served nowhere else.
 */
import type { X509Certificate } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { ServerCredentials } from '#apps/broker/src/enrolment/server-identity.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { AnnounceAgents } from '#apps/broker/src/nodes/announce-agents.js';
import { NodeIdentity } from '#apps/broker/src/nodes/node-identity.js';
import { nodeLink } from '#apps/broker/src/nodes/node-link-limits.js';
import { forwardedPatterns, ServeForwarded } from '#apps/broker/src/nodes/serve-forwarded.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { LinkServer } from '#libs/link/link-server.js';
import type { Link } from '#libs/link/link.js';
import { listenForLinks, type LinkListener } from '#libs/link/listen.js';
import { readNodeName } from '#libs/pki/node-name.js';

/** What still runs then has lost its agent's link before. */
const DRAIN_MS = 2_000;
const SWEEP_MS = 60_000;

interface NodePeer {
  nodeId: string;
  certificateEndsMs: number;
}

@Injectable()
export class NodeDoor implements OnApplicationShutdown {
  private readonly server: LinkServer;
  private listener: LinkListener<NodePeer> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly identity: NodeIdentity,
    forwarded: ServeForwarded,
    private readonly announce: AnnounceAgents,
    private readonly log: EventLog,
  ) {
    this.server = new LinkServer({
      onUnexpectedError: (error, pattern) =>
        log.write('link-request.failed', {
          pattern,
          errorName: error instanceof Error ? error.name : typeof error,
        }),
    });
    for (const pattern of forwardedPatterns) {
      this.server.addHandler(pattern, (request, context) => forwarded.execute(request, context));
    }
    this.server.listen(() => undefined);
  }

  /** The port listened on; 0 where other nodes are not told of this one. */
  get port(): number {
    return this.listener?.port ?? 0;
  }

  /** Opens where the settings say at which address other nodes reach this one. */
  async start(): Promise<void> {
    const { nodeAddress, nodeHost: host, nodePort: port } = this.config;
    if (nodeAddress === undefined) return;
    const identity = await this.identity.open();
    const listener = await listenForLinks<NodePeer>({
      ...listenerCredentials(identity.current),
      host,
      port,
      link: nodeLink,
      authorise: (certificate) => Promise.resolve(this.admit(certificate)),
    });
    this.listener = listener;
    identity.onRenewed((renewed) => listener.renew(listenerCredentials(renewed)));
    listener.on('link', (link, peer) => this.attend(link, peer));
    this.timer = setInterval(() => {
      listener.destroy(({ certificateEndsMs }) => certificateEndsMs <= Date.now());
    }, SWEEP_MS).unref();
    const isWhole = /:\d+$/.test(nodeAddress);
    const address = isWhole ? nodeAddress : `${nodeAddress}:${listener.port}`;
    await this.announce.start({ nodeId: this.identity.nodeId, address });
  }

  async onApplicationShutdown(): Promise<void> {
    this.announce.stop();
    clearInterval(this.timer);
    await this.listener?.close(DRAIN_MS);
  }

  private admit(certificate: X509Certificate): { peer: NodePeer } | { refuse: ErrorCode } {
    const name = readNodeName(certificate);
    if (name?.trustDomain === this.identity.trustDomain) {
      const certificateEndsMs = Date.parse(certificate.validTo);
      return { peer: { nodeId: name.nodeId, certificateEndsMs } };
    }
    this.log.write('node.refused', { code: 'AGENT_IDENTITY_REFUSED' });
    return { refuse: 'AGENT_IDENTITY_REFUSED' };
  }

  private attend(link: Link, peer: NodePeer): void {
    const { nodeId } = peer;
    this.log.write('node.attached', { nodeId });
    link.once('close', ({ reason }) => this.log.write('node.detached', { nodeId, reason }));
    this.server.attach(link, peer);
  }
}

function listenerCredentials({ chain, privateKey, authority }: ServerCredentials) {
  return { cert: chain, key: privateKey, ca: authority };
}
