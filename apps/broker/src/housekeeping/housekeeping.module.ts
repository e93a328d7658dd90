/**
 * What the broker tidies in the background, in the role `worker` and with Redis only. Promises: every
 * job may run twice, on any node, at any time; nothing a practice decided is touched; a change of
 * state is recorded with it. Certificates of agents are kept for ever: a TLS key is used once.
 */
import { Module } from '@nestjs/common';
import { ExpireAccessRequests } from '#apps/broker/src/housekeeping/expire-access-requests.js';
import { PurgeEnrolmentCodes } from '#apps/broker/src/housekeeping/purge-enrolment-codes.js';
import { PurgePairingCodes } from '#apps/broker/src/housekeeping/purge-pairing-codes.js';
import { PurgePeople } from '#apps/broker/src/housekeeping/purge-people.js';

@Module({
  providers: [ExpireAccessRequests, PurgeEnrolmentCodes, PurgePairingCodes, PurgePeople],
})
export class HousekeepingModule {}
