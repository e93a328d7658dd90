import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { BrokerTrust } from '#apps/agent/src/identity/broker-trust.js';
import { brokerAddress } from '#apps/agent/src/identity/recover.js';
import { diagnosisOf, type LinkDiagnosis } from '#apps/agent/src/link/link-status.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { MAX_SKEW_MS } from '#libs/link/diagnose.js';
import { spkiSha256 } from '#libs/pki/keys.js';

/** How far this machine's clock is from the broker's; grants and certificates depend on it. */
@Injectable()
export class BrokerClock {
  /** This machine's clock minus the broker's, milliseconds. */
  skewMs: number | undefined;

  constructor(
    private readonly config: AgentConfig,
    private readonly identity: AgentIdentity,
    private readonly log: EventLog,
  ) {}

  /** Set while the clock is wrong, also when the link works all the same. */
  get diagnosis(): LinkDiagnosis | undefined {
    if (this.skewMs === undefined || Math.abs(this.skewMs) <= MAX_SKEW_MS) return undefined;
    return diagnosisOf(new ConduitError('CLOCK_SKEWED', { facts: { reason: 'confirmed' } }));
  }

  note(skewMs: number | undefined): void {
    if (skewMs === undefined) return;
    const before = this.diagnosis;
    this.skewMs = skewMs;
    if (this.diagnosis && !before) {
      this.log.write('clock.skewed', { skewSeconds: Math.round(skewMs / 1_000) });
    } else if (before && !this.diagnosis) this.log.write('clock.corrected', {});
  }

  /** Asks for the signed time, without needing a link or a certificate whose dates hold. */
  async measure(): Promise<void> {
    const pin = spkiSha256(new X509Certificate(this.identity.facts.authority).publicKey);
    const trust = new BrokerTrust(brokerAddress(this.config, this.identity), (hash) =>
      hash.equals(pin),
    );
    this.note(await trust.measureSkew());
  }
}
