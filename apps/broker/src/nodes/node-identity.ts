import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import { Clock } from '#libs/kernel/clock.js';
import { Authority } from '#libs/pki/authority.js';
import { nodeCertificateLifeMs } from '#libs/pki/certificate-plan.js';

/**
 * Who this node is to the others, at either end of a link between them: a key and a certificate of a
 * day, made when they are first needed (a node that stands alone makes none) and kept in memory only.
 */
@Injectable()
export class NodeIdentity implements OnApplicationShutdown {
  readonly nodeId = randomUUID();
  private opening: Promise<ServerIdentity> | undefined;

  constructor(
    private readonly authority: Authority,
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {}

  get trustDomain(): string {
    return this.config.trustDomain;
  }

  open(): Promise<ServerIdentity> {
    this.opening ??= this.make();
    this.opening.catch(() => (this.opening = undefined));
    return this.opening;
  }

  async onApplicationShutdown(): Promise<void> {
    const identity = await this.opening?.catch(() => undefined);
    identity?.stop();
  }

  private async make(): Promise<ServerIdentity> {
    const { authority, clock, nodeId, trustDomain } = this;
    const name = { trustDomain, nodeId };
    const identity = await ServerIdentity.of(
      authority,
      (key, nowMs) => authority.issueForNode(name, key, nowMs),
      clock.now(),
      nodeCertificateLifeMs,
    );
    identity.start(clock);
    return identity;
  }
}
