/**
 * Where the console is: what a browser must say as Origin, what passkeys are made for, how links
 * begin. By default it follows from the ports, which are known once the broker listens.
 */
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';

/** What plain HTTP is served at in development; browsers trust it as they trust HTTPS. */
export const LOCAL_HOST = 'localhost';

@Injectable()
export class ConsoleOrigin {
  private readonly isConfigured: boolean;
  private main: string;
  private local: string | undefined;

  constructor(config: BrokerConfig) {
    this.isConfigured = config.consoleOrigin !== undefined;
    this.main = withoutUsualPort(config.consoleOrigin ?? `https://${LOCAL_HOST}:${config.apiPort}`);
  }

  /** Told by whoever listens. @param localPort of plain HTTP on this machine, in development */
  listensOn(apiPort: number, localPort?: number): void {
    if (!this.isConfigured) this.main = withoutUsualPort(`https://${LOCAL_HOST}:${apiPort}`);
    if (localPort !== undefined) this.local = `http://${LOCAL_HOST}:${localPort}`;
  }

  /** All that count as this console. */
  get origins(): string[] {
    return this.local === undefined ? [this.main] : [this.main, this.local];
  }

  /** WebAuthn's relying party id: the host that passkeys are made for. */
  get rpId(): string {
    return new URL(this.main).hostname;
  }

  includes(origin: string | undefined): boolean {
    return origin !== undefined && this.origins.includes(origin);
  }

  /** @param path begins with `/console` */
  link(path: string): string {
    return (this.local ?? this.main) + path;
  }
}

/** Browsers leave the scheme's own port out of an Origin. */
const withoutUsualPort = (origin: string): string => new URL(origin).origin;
