/**
 * The broker's own TLS key and certificate, made anew at each start and at half of each
 * certificate's life: nothing to store or to steal, and nothing that runs out under a broker which
 * is never restarted.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '#libs/kernel/clock.js';
import type { Authority, IssuedCertificate } from '#libs/pki/authority.js';
import { serverCertificateLifeMs } from '#libs/pki/certificate-plan.js';
import { makeServerKey } from '#libs/pki/keys.js';

const signAsync = promisify(sign);

/** How often the clock is looked at, unless a tenth of the life is shorter. */
const ROUND_MS = 3_600_000;
const ROUNDS_A_LIFE = 10;

export interface ServerHosts {
  dnsNames: string[];
  ipAddresses: string[];
}

/** One key with its certificate. */
export class ServerCredentials {
  private readonly key: KeyObject;

  constructor(
    /** PEM of the server certificate. */
    readonly certificate: string,
    /** PEM of the device CA. */
    readonly authority: string,
    /** PEM, PKCS #8. */
    readonly privateKey: string,
    readonly notAfter: Date,
  ) {
    this.key = createPrivateKey(privateKey);
  }

  /** Certificate and CA in the order in which TLS presents them. */
  get chain(): string {
    return this.certificate + this.authority;
  }

  /** ECDSA with SHA-256, as DER. */
  sign(bytes: Uint8Array): Promise<Buffer> {
    return signAsync('sha256', bytes, this.key);
  }
}

type Certify = (publicKey: KeyObject, nowMs: number) => Promise<IssuedCertificate>;
type RenewalListener = (credentials: ServerCredentials) => void;

/** For the gateway's listener, the development HTTPS listener, links between nodes, and to sign the time. */
export class ServerIdentity {
  private readonly listeners: RenewalListener[] = [];
  private renewAtMs: number;
  private timer: NodeJS.Timeout | undefined;
  private isBusy = false;

  private constructor(
    private held: ServerCredentials,
    private readonly issue: (nowMs: number) => Promise<ServerCredentials>,
    private readonly lifeMs: number,
    nowMs: number,
  ) {
    this.renewAtMs = nowMs + lifeMs / 2;
  }

  static make(
    authority: Authority,
    hosts: ServerHosts,
    nowMs: number,
    lifeMs = serverCertificateLifeMs,
  ): Promise<ServerIdentity> {
    const certify: Certify = (key, now) => authority.issueForServer(hosts, key, now, lifeMs);
    return ServerIdentity.of(authority, certify, nowMs, lifeMs);
  }

  /** @param certify has the authority issue a certificate that lives for `lifeMs` */
  static async of(
    authority: Authority,
    certify: Certify,
    nowMs: number,
    lifeMs: number,
  ): Promise<ServerIdentity> {
    const issue = async (now: number): Promise<ServerCredentials> => {
      const { privateKey, publicKey } = await makeServerKey();
      const issued = await certify(publicKey, now);
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
      return new ServerCredentials(issued.certificate, authority.pem, pem, issued.plan.notAfter);
    };
    return new ServerIdentity(await issue(nowMs), issue, lifeMs, nowMs);
  }

  /** Those to use for whatever begins now. */
  get current(): ServerCredentials {
    return this.held;
  }

  onRenewed(listener: RenewalListener): void {
    this.listeners.push(listener);
  }

  /** Begins to look at the clock; ends with `stop`. */
  start(clock: Clock): void {
    const everyMs = Math.min(ROUND_MS, this.lifeMs / ROUNDS_A_LIFE);
    this.timer ??= setInterval(() => void this.round(clock.now()), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Renews when half of the life is over. Never rejects: what failed is due again next time. */
  async round(nowMs: number): Promise<void> {
    if (this.isBusy || nowMs < this.renewAtMs) return;
    this.isBusy = true;
    try {
      this.held = await this.issue(nowMs);
      this.renewAtMs = nowMs + this.lifeMs / 2;
      for (const listener of this.listeners) listener(this.held);
    } catch {
      // The old one is good for half of its life yet.
    } finally {
      this.isBusy = false;
    }
  }
}
