/**
 * Sites as integrators see them. Promises: a site that does not exist and one that is not paired
 * answer alike; no clinical or patient fact is known here, only where a database is and whether its
 * agent is attached.
 */
import { Module } from '@nestjs/common';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { FindSites } from '#apps/broker/src/sites/find-sites.js';
import { SiteBook } from '#apps/broker/src/sites/site-book.js';
import { SitesController } from '#apps/broker/src/sites/sites.controller.js';

@Module({
  imports: [GatewayModule, GrantsModule],
  controllers: [SitesController],
  providers: [FindSites, SiteBook],
  exports: [SiteBook],
})
export class SitesModule {}
