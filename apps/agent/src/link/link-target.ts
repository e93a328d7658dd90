import { Injectable } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { JoinCounter } from '#apps/agent/src/identity/join-counter.js';
import { brokerAddress, recoverCertificate } from '#apps/agent/src/identity/recover.js';
import { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { joinHeaders } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { DialOptions } from '#libs/link/dial.js';

/**
 * Where to dial and as whom, made anew before each attempt: with the certificate of the moment, with
 * a recovered one when that has run out or was refused, and with the next join's number.
 */
@Injectable()
export class LinkTarget {
  private wasRefused = false;

  constructor(
    private readonly config: AgentConfig,
    private readonly identity: AgentIdentity,
    private readonly credentials: TlsCredentials,
    private readonly joins: JoinCounter,
    private readonly log: EventLog,
  ) {}

  get host(): string {
    return new URL(this.identity.facts.linkUrl).hostname.replace(/^\[|\]$/g, '');
  }

  get viaProxy(): boolean {
    return this.config.proxy !== undefined;
  }

  /**
   * @param skewMs this machine's clock minus the broker's, milliseconds, when measured
   * @throws ConduitError when the certificate had to be recovered and could not be
   */
  async next(skewMs: number | undefined): Promise<DialOptions> {
    if (this.wasRefused || !this.credentials.isUsableAt(Date.now())) await this.recover();
    const tls = this.credentials.current;
    if (!tls) throw new ConduitError('AGENT_NOT_ENROLLED');
    const { sequence, joinId } = await this.joins.begin();
    return {
      host: this.host,
      port: Number(new URL(this.identity.facts.linkUrl).port || 443),
      ca: this.identity.facts.authority,
      cert: tls.certificate,
      key: tls.privateKey,
      headers: {
        [joinHeaders.sequence]: String(sequence),
        [joinHeaders.joinId]: joinId,
        [joinHeaders.instanceId]: this.joins.instanceId,
      },
      ...(this.config.proxy && { proxy: this.config.proxy.reveal() }),
      ...(skewMs !== undefined && { skewMs }),
    };
  }

  /** The broker took this join. */
  joined(): Promise<void> {
    this.wasRefused = false;
    return this.joins.acknowledge();
  }

  /** Remembers a refusal that a new certificate can heal: expired, or superseded by a lost one. */
  refused(error: ConduitError): void {
    if (error.code === 'AGENT_IDENTITY_REFUSED') this.wasRefused = true;
  }

  private async recover(): Promise<void> {
    const address = brokerAddress(this.config, this.identity);
    await recoverCertificate(this.identity, this.credentials, address);
    this.wasRefused = false;
    const endsAt = new Date(this.credentials.endsMs).toISOString();
    this.log.write('certificate.recovered', { endsAt });
  }
}
