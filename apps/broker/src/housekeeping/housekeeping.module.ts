/**
 * What the broker tidies in the background, in the role `worker` and with Redis only. Promises: every
 * job may run twice, on any node, at any time; nothing a practice decided is touched; a change of
 * state is recorded with it. Certificates of agents are kept for ever: a TLS key is used once.
 */
import { Module } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ExpireAccessRequests } from '#apps/broker/src/housekeeping/expire-access-requests.js';
import { Housekeeping } from '#apps/broker/src/housekeeping/housekeeping.js';
import { PurgeEnrolmentCodes } from '#apps/broker/src/housekeeping/purge-enrolment-codes.js';
import { PurgePairingCodes } from '#apps/broker/src/housekeeping/purge-pairing-codes.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { JobHandler } from '#libs/queue/job-handlers.js';

const handlers = [ExpireAccessRequests, PurgeEnrolmentCodes, PurgePairingCodes];

@Module({
  providers: [
    ...handlers,
    {
      provide: Housekeeping,
      useFactory: (config: BrokerConfig, log: EventLog, ...found: JobHandler[]) =>
        new Housekeeping(config, log, found),
      inject: [BrokerConfig, EventLog, ...handlers],
    },
  ],
  exports: [Housekeeping],
})
export class HousekeepingModule {}
