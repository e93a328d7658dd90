/**
 * Permission as the broker knows it: pairing codes, access requests, and the practice's signed
 * grants, kept as signed. It answers hopeless requests early; the decision is the agent's.
 */
import { Module } from '@nestjs/common';

import { AccessRequests } from '#apps/broker/src/grants/access-requests.js';
import { CreatePairingCode } from '#apps/broker/src/grants/create-pairing-code.js';
import { GrantNews } from '#apps/broker/src/grants/grant-news.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { GrantsController } from '#apps/broker/src/grants/grants.controller.js';
import { LiveGrantBook } from '#apps/broker/src/grants/live-grant-book.js';
import { LivePauses } from '#apps/broker/src/grants/live-pauses.js';
import { PairingDoor } from '#apps/broker/src/grants/pairing-door.js';
import { PausableGrantBook } from '#apps/broker/src/grants/pausable-grant-book.js';
import { RedeemPairingCode } from '#apps/broker/src/grants/redeem-pairing-code.js';
import { StoreGrant } from '#apps/broker/src/grants/store-grant.js';

@Module({
  controllers: [GrantsController],
  providers: [
    CreatePairingCode,
    GrantNews,
    RedeemPairingCode,
    PairingDoor,
    AccessRequests,
    StoreGrant,
    LiveGrantBook,
    LivePauses,
    { provide: GrantBook, useClass: PausableGrantBook },
  ],
  exports: [GrantBook, PairingDoor],
})
export class GrantsModule {}
