import { X509Certificate } from 'node:crypto';
import type { IdentityFolder, TlsRecord } from '#apps/agent/src/identity/identity-folder.js';

/** Renewal begins between 45 and 55 % of a certificate's life, so that agents don't come in step. */
const RENEW_FROM = 0.45;
const RENEW_SPREAD = 0.1;

/** The certificate and key that open the link just now; undefined until one was recovered. */
export class TlsCredentials {
  private validFromMs = 0;
  private validToMs = 0;
  private renewAtMs = 0;

  private constructor(
    private readonly folder: IdentityFolder,
    private record: TlsRecord | undefined,
    private readonly random: () => number,
  ) {
    this.readDates();
  }

  static async load(folder: IdentityFolder, random = Math.random): Promise<TlsCredentials> {
    return new TlsCredentials(folder, await folder.read('tls'), random);
  }

  get current(): TlsRecord | undefined {
    return this.record;
  }

  /** Milliseconds since the epoch; 0 without a certificate. */
  get endsMs(): number {
    return this.validToMs;
  }

  isUsableAt(nowMs: number): boolean {
    return this.record !== undefined && nowMs < this.validToMs;
  }

  isRenewalDueAt(nowMs: number): boolean {
    return nowMs >= this.renewAtMs;
  }

  /** In force, and on disk, when it resolves. A crash before leaves the old pair, which is still good. */
  async replace(record: TlsRecord): Promise<void> {
    await this.folder.write('tls', record);
    this.record = record;
    this.readDates();
  }

  private readDates(): void {
    if (!this.record) return;
    const certificate = new X509Certificate(this.record.certificate);
    this.validFromMs = Date.parse(certificate.validFrom);
    this.validToMs = Date.parse(certificate.validTo);
    const share = RENEW_FROM + RENEW_SPREAD * this.random();
    this.renewAtMs = this.validFromMs + share * (this.validToMs - this.validFromMs);
  }
}
