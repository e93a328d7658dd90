/**
 * Who may call what. Promises: every route has a declared policy or the broker does not boot; keys
 * are compared in constant time against memory, never the store; a revoked key stops at once on
 * every connected node; limits are counted before a body is read.
 */
import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';
import { KeyBook } from '#apps/broker/src/access/key-book.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { PolicyGuard } from '#apps/broker/src/access/policy.guard.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';

@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    FairTurns,
    KeyBook,
    KeyDoor,
    OperatorDoor,
    RateLimits,
    RouteTable,
    WaitingArea,
    { provide: APP_GUARD, useClass: PolicyGuard },
  ],
  exports: [KeyBook, KeyDoor, RateLimits, RouteTable],
})
export class AccessModule {}
