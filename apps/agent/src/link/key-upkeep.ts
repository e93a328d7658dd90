import { Injectable } from '@nestjs/common';
import { EncryptionKeys } from '#apps/agent/src/identity/encryption-keys.js';
import { TlsCredentials } from '#apps/agent/src/identity/tls-credentials.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { brokerPatterns, type RenewCertificateAnswer } from '#libs/contracts/link-messages.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { createCertificateRequest } from '#libs/pki/certificate-request.js';
import { makeTlsKey } from '#libs/pki/keys.js';

const ROUND_MS = 60_000;

/**
 * Replaces keys before they run out, over the link that the old ones opened. Every step can be the
 * last one before a crash: a certificate that was issued but never stored is retired by the broker at
 * the next renewal, and an encryption key is on disk before it is announced.
 */
@Injectable()
export class KeyUpkeep {
  private timer: NodeJS.Timeout | undefined;
  private isBusy = false;

  constructor(
    private readonly link: AgentLink,
    private readonly credentials: TlsCredentials,
    private readonly encryption: EncryptionKeys,
    private readonly log: EventLog,
  ) {}

  start(): void {
    this.link.onAttached(() => void this.round());
    this.timer = setInterval(() => void this.round(), ROUND_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Does what is due. Never rejects; what failed is due again at the next round. */
  async round(nowMs = Date.now()): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await this.renewCertificate(nowMs);
      await this.rotateEncryptionKey(nowMs);
    } finally {
      this.isBusy = false;
    }
  }

  private async renewCertificate(nowMs: number): Promise<void> {
    if (this.link.state !== 'connected' || !this.credentials.isRenewalDueAt(nowMs)) return;
    try {
      const key = await makeTlsKey();
      const request = await createCertificateRequest(key);
      const pattern = brokerPatterns.renewCertificate;
      const answer = await this.link.ask<RenewCertificateAnswer>(pattern, {}, request);
      const privateKey = key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
      await this.credentials.replace({ certificate: answer.certificate, privateKey });
      const endsAt = new Date(this.credentials.endsMs).toISOString();
      this.log.write('certificate.renewed', { endsAt });
      this.link.redial();
    } catch (error) {
      this.log.write('certificate.renewal-failed', { code: toConduitError(error).code });
    }
  }

  private async rotateEncryptionKey(nowMs: number): Promise<void> {
    try {
      await this.encryption.discardOld(nowMs);
      if (this.link.state !== 'connected' || !this.encryption.isRotationDueAt(nowMs)) return;
      const publicKey = await this.encryption.beginRotation(nowMs);
      await this.link.ask(brokerPatterns.rotateEncryptionKey, { publicKey });
      await this.encryption.confirmRotation(nowMs);
      this.log.write('encryption-key.rotated', {});
    } catch (error) {
      this.log.write('encryption-key.rotation-failed', { code: toConduitError(error).code });
    }
  }
}
