/**
 * The integrator's side of the console: what it declares to practices, its keys and webhook endpoints,
 * the sites it is paired with, what it used. Promises: a person sees their own integrator alone; a
 * secret is answered once; making, replacing and ending a key is confirmed by a passkey; every act is
 * recorded; nothing about a patient is stored, so no page can show it. Rows come to the query console
 * alone, from the sandbox alone, which holds nobody's.
 */
import { Module } from '@nestjs/common';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { AskSite } from '#apps/broker/src/integrator-desk/ask-site.js';
import { ClientActs } from '#apps/broker/src/integrator-desk/client-acts.js';
import { ClientDesk } from '#apps/broker/src/integrator-desk/client-desk.js';
import { ClientsController } from '#apps/broker/src/integrator-desk/clients.controller.js';
import { DeclareProfile } from '#apps/broker/src/integrator-desk/declare-profile.js';
import { DeskBook } from '#apps/broker/src/integrator-desk/desk-book.js';
import { EndpointDeliveriesController } from '#apps/broker/src/integrator-desk/endpoint-deliveries.controller.js';
import { EndpointDesk } from '#apps/broker/src/integrator-desk/endpoint-desk.js';
import { EndpointsController } from '#apps/broker/src/integrator-desk/endpoints.controller.js';
import { IntegratorController } from '#apps/broker/src/integrator-desk/integrator.controller.js';
import { KeyActs } from '#apps/broker/src/integrator-desk/key-acts.js';
import { KeyBounds } from '#apps/broker/src/integrator-desk/key-bounds.js';
import { KeyDesk } from '#apps/broker/src/integrator-desk/key-desk.js';
import { KeysController } from '#apps/broker/src/integrator-desk/keys.controller.js';
import { SandboxCall } from '#apps/broker/src/integrator-desk/sandbox-call.js';
import { SandboxController } from '#apps/broker/src/integrator-desk/sandbox.controller.js';
import { ShowHome } from '#apps/broker/src/integrator-desk/show-home.js';
import { ShowSites } from '#apps/broker/src/integrator-desk/show-sites.js';
import { ShowUsage } from '#apps/broker/src/integrator-desk/show-usage.js';
import { IntegratorsModule } from '#apps/broker/src/integrators/integrators.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';
import { StatementsModule } from '#apps/broker/src/statements/statements.module.js';

@Module({
  imports: [
    GatewayModule,
    GrantsModule,
    IntegratorsModule,
    PeopleModule,
    QueriesModule,
    StatementsModule,
  ],
  controllers: [
    ClientsController,
    EndpointDeliveriesController,
    EndpointsController,
    IntegratorController,
    KeysController,
    SandboxController,
  ],
  providers: [
    AskSite,
    ClientActs,
    ClientDesk,
    DeclareProfile,
    DeskBook,
    EndpointDesk,
    KeyActs,
    KeyBounds,
    KeyDesk,
    SandboxCall,
    ShowHome,
    ShowSites,
    ShowUsage,
  ],
})
export class IntegratorDeskModule {}
