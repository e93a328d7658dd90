/**
 * The installation's device authority and this process's own certificate, for whoever issues to or
 * accepts agents. The authority's key lives in `<state folder>/pki`; nodes of one broker share it.
 */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { EnrolmentSettings } from '#apps/broker/src/enrolment/enrolment-settings.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { ServerIdentity, type ServerHosts } from '#apps/broker/src/enrolment/server-identity.js';
import { Clock } from '#libs/kernel/clock.js';
import { Authority } from '#libs/pki/authority.js';

/** Folder of the device authority inside the broker's state folder. */
export const authorityFolder = (stateDir: string): string => join(stateDir, 'pki');

/** The name agents dial, and this machine's own for development and health checks. */
export function gatewayHosts(gatewayName: string): ServerHosts {
  const named = isIP(gatewayName) === 0;
  return {
    dnsNames: [...new Set([...(named ? [gatewayName] : []), 'localhost'])],
    ipAddresses: [...new Set([...(named ? [] : [gatewayName]), '127.0.0.1', '::1'])],
  };
}

@Module({
  providers: [
    {
      provide: Authority,
      useFactory: (config: BrokerConfig, clock: Clock) =>
        openAuthority(authorityFolder(config.stateDir), clock.now()),
      inject: [BrokerConfig, Clock],
    },
    {
      provide: ServerIdentity,
      useFactory: (authority: Authority, config: BrokerConfig, clock: Clock) =>
        ServerIdentity.make(
          authority,
          gatewayHosts(config.gatewayName),
          clock.now(),
          config.serverCertificateSeconds * 1_000,
        ),
      inject: [Authority, BrokerConfig, Clock],
    },
    {
      provide: EnrolmentSettings,
      useFactory: (config: BrokerConfig) =>
        new EnrolmentSettings(config.trustDomain, config.gatewayName, config.gatewayPort),
      inject: [BrokerConfig],
    },
  ],
  exports: [Authority, ServerIdentity, EnrolmentSettings],
})
export class AuthorityModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly identity: ServerIdentity,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.identity.start(this.clock);
  }

  onApplicationShutdown(): void {
    this.identity.stop();
  }
}
