import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EnrolmentSettings } from '#apps/broker/src/enrolment/enrolment-settings.js';
import {
  ServerIdentity,
  type ServerCredentials,
} from '#apps/broker/src/enrolment/server-identity.js';
import { AdmitAgent, type Admission } from '#apps/broker/src/gateway/admit-agent.js';
import type { AgentPeer } from '#apps/broker/src/gateway/agent-peer.js';
import { LinkAttendant } from '#apps/broker/src/gateway/link-attendant.js';
import { listenForLinks, type LinkListener } from '#libs/link/listen.js';

/** Agents ask little and in small messages; the large ones are answers to what the broker asked. */
const AGENT_LINK = { maxInboundStreams: 32, maxRequestBytes: 1024 * 1024 } as const;

/** The listener agents dial into. `start` it once the link's handlers are in place. */
@Injectable()
export class Gateway implements BeforeApplicationShutdown {
  private listener: LinkListener<AgentPeer> | undefined;

  constructor(
    private readonly config: BrokerConfig,
    private readonly identity: ServerIdentity,
    private readonly settings: EnrolmentSettings,
    private readonly admit: AdmitAgent,
    private readonly attendant: LinkAttendant,
  ) {}

  /** The port listened on; 0 before `start`. */
  get port(): number {
    return this.listener?.port ?? 0;
  }

  async start(): Promise<void> {
    const { identity, config } = this;
    this.listener = await listenForLinks<AgentPeer>({
      ...listenerCredentials(identity.current),
      host: config.gatewayHost,
      port: config.gatewayPort,
      link: AGENT_LINK,
      authorise: (certificate, request) =>
        this.decide(() => this.admit.execute(certificate, request)),
    });
    this.settings.gatewayPort = this.listener.port;
    identity.onRenewed((credentials) => this.renew(credentials));
    this.listener.on('link', (link, peer) => this.attendant.attend(link, peer));
    this.attendant.start();
  }

  /** Takes no new links, lets running streams finish, then closes. */
  async stop(drainMs: number): Promise<void> {
    const { listener } = this;
    this.listener = undefined;
    if (!listener) return;
    this.attendant.stop();
    await listener.close(drainMs);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.stop(this.config.drainSeconds * 1_000);
  }

  /** New handshakes see the new certificate; links that are up stay up. */
  private renew(credentials: ServerCredentials): void {
    this.listener?.renew(listenerCredentials(credentials));
    this.attendant.noteRenewal(credentials.notAfter);
  }

  private async decide(examine: () => Promise<Admission>): Promise<Admission> {
    try {
      const admission = await examine();
      if ('refuse' in admission) this.attendant.noteRefusal(admission.refuse);
      return admission;
    } catch {
      // The store is away. Nobody comes in unexamined; agents try again by themselves.
      this.attendant.noteRefusal('STORE_UNAVAILABLE');
      return { refuse: 'STORE_UNAVAILABLE' };
    }
  }
}

function listenerCredentials({ chain, privateKey, authority }: ServerCredentials) {
  return { cert: chain, key: privateKey, ca: authority };
}
