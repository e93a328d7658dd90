/**
 * Registered queries as their integrators see them: created, renewed, cancelled, their results and what
 * changed. Promises: the statement is readable at the practice alone, a result with its creator's key
 * alone; the registry outlives every node and Redis; what is over is over on every side, once; a change
 * is told once it was written down, and again rather than never.
 */
import {
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';
import { AnnounceChanges } from '#apps/broker/src/registered/announce-changes.js';
import { BringRegistered } from '#apps/broker/src/registered/bring-registered.js';
import { CancelRegistered } from '#apps/broker/src/registered/cancel-registered.js';
import { CreateRegistered } from '#apps/broker/src/registered/create-registered.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import { FindRegistered } from '#apps/broker/src/registered/find-registered.js';
import { FollowRuns } from '#apps/broker/src/registered/follow-runs.js';
import { ForgetRegistered } from '#apps/broker/src/registered/forget-registered.js';
import { ReadRegisteredResults } from '#apps/broker/src/registered/read-registered-results.js';
import { RecordRuns } from '#apps/broker/src/registered/record-runs.js';
import { RegisteredAllowance } from '#apps/broker/src/registered/registered-allowance.js';
import { RegisteredBook } from '#apps/broker/src/registered/registered-book.js';
import { RegisteredController } from '#apps/broker/src/registered/registered.controller.js';
import { RegisteredCursors } from '#apps/broker/src/registered/registered-cursor.js';
import { RegisteredLinksController } from '#apps/broker/src/registered/registered-links.controller.js';
import { RegisteredQueryController } from '#apps/broker/src/registered/registered-query.controller.js';
import { RegisteredResultsController } from '#apps/broker/src/registered/registered-results.controller.js';
import { RegisteredUpkeep } from '#apps/broker/src/registered/registered-upkeep.js';
import { RenewRegistered } from '#apps/broker/src/registered/renew-registered.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import { ShowRegistered } from '#apps/broker/src/registered/show-registered.js';
import { StoreRegistered } from '#apps/broker/src/registered/store-registered.js';
import { WaitingRequests } from '#apps/broker/src/registered/waiting-requests.js';
import { ResultsModule } from '#apps/broker/src/results/results.module.js';
import { SitesModule } from '#apps/broker/src/sites/sites.module.js';
import { Clock } from '#libs/kernel/clock.js';

@Module({
  imports: [GatewayModule, QueriesModule, ResultsModule, SitesModule],
  controllers: [
    RegisteredController,
    RegisteredQueryController,
    RegisteredResultsController,
    RegisteredLinksController,
  ],
  providers: [
    AnnounceChanges,
    BringRegistered,
    CancelRegistered,
    CreateRegistered,
    EndRegistered,
    FindRegistered,
    FollowRuns,
    ForgetRegistered,
    ReadRegisteredResults,
    RecordRuns,
    RegisteredAllowance,
    RegisteredBook,
    RenewRegistered,
    RunParts,
    ShowRegistered,
    StoreRegistered,
    WaitingRequests,
    {
      provide: RegisteredCursors,
      useFactory: ({ keyPepper }: BrokerConfig) => new RegisteredCursors(keyPepper),
      inject: [BrokerConfig],
    },
    {
      provide: RegisteredUpkeep,
      useFactory: (
        ending: EndRegistered,
        forget: ForgetRegistered,
        bring: BringRegistered,
        announce: AnnounceChanges,
        broadcast: Broadcast,
        clock: Clock,
        log: EventLog,
        { roles }: BrokerConfig,
      ) =>
        new RegisteredUpkeep({
          ...{ ending, forget, bring, announce, broadcast, clock, log },
          isWorker: roles.includes('worker'),
        }),
      inject: [
        ...[EndRegistered, ForgetRegistered, BringRegistered, AnnounceChanges],
        ...[Broadcast, Clock, EventLog, BrokerConfig],
      ],
    },
  ],
})
export class RegisteredModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(private readonly upkeep: RegisteredUpkeep) {}

  onApplicationBootstrap(): void {
    this.upkeep.start();
  }

  beforeApplicationShutdown(): void {
    this.upkeep.stop();
  }
}
