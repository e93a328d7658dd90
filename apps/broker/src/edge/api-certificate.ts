/**
 * The certificate of the API's listener, and keeping it fresh while the broker runs: files that
 * somebody else renews are read again, one of our own is made anew. Connections stay as they are.
 */
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { authorityFolder, gatewayHosts } from '#apps/broker/src/enrolment/authority.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import { SystemClock } from '#libs/kernel/clock.js';

export interface KeyAndCertificate {
  /** PEM */
  key: string;
  /** PEM, with intermediates. */
  cert: string;
}

const REREAD_MS = 60_000;

/** What the API's TLS is like, whatever certificate it shows. */
export const apiTls = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const satisfies SecureContextOptions;

export abstract class ApiCertificate {
  abstract readonly current: KeyAndCertificate;

  /** Puts every new certificate onto the listener; `onRenewed` hears of it. */
  abstract follow(server: Server, onRenewed: () => void): void;

  abstract stop(): void;

  /** Configured, or, for development, issued by the installation's own device authority. */
  static async open(config: BrokerConfig): Promise<ApiCertificate> {
    const { tlsKeyFile, tlsCertFile } = config;
    if (tlsKeyFile !== undefined && tlsCertFile !== undefined) {
      return new CertificateFiles(tlsKeyFile, tlsCertFile);
    }
    const now = Date.now();
    const authority = await openAuthority(authorityFolder(config.stateDir), now);
    const lifeMs = config.serverCertificateSeconds * 1_000;
    const hosts = gatewayHosts(config.gatewayName);
    return new OwnCertificate(await ServerIdentity.make(authority, hosts, now, lifeMs));
  }
}

class OwnCertificate extends ApiCertificate {
  constructor(private readonly identity: ServerIdentity) {
    super();
  }

  get current(): KeyAndCertificate {
    const { privateKey, chain } = this.identity.current;
    return { key: privateKey, cert: chain };
  }

  override follow(server: Server, onRenewed: () => void): void {
    this.identity.onRenewed(() => {
      server.setSecureContext({ ...apiTls, ...this.current });
      onRenewed();
    });
    this.identity.start(new SystemClock());
  }

  override stop(): void {
    this.identity.stop();
  }
}

export class CertificateFiles extends ApiCertificate {
  current: KeyAndCertificate;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keyFile: string,
    private readonly certFile: string,
    private readonly rereadMs = REREAD_MS,
  ) {
    super();
    this.current = this.read();
  }

  override follow(server: Server, onRenewed: () => void): void {
    this.timer = setInterval(() => {
      const found = this.changed();
      if (!found) return;
      this.current = found;
      server.setSecureContext({ ...apiTls, ...found });
      onRenewed();
    }, this.rereadMs).unref();
  }

  override stop(): void {
    clearInterval(this.timer);
  }

  /** New files that fit each other; undefined while they are as before, half written or wrong. */
  private changed(): KeyAndCertificate | undefined {
    try {
      const found = this.read();
      if (found.cert === this.current.cert && found.key === this.current.key) return undefined;
      createSecureContext(found);
      return found;
    } catch {
      return undefined;
    }
  }

  private read(): KeyAndCertificate {
    return { key: readFileSync(this.keyFile, 'utf8'), cert: readFileSync(this.certFile, 'utf8') };
  }
}
