/**
 * Who may call what. Promises: every route has a declared policy or the broker does not boot; keys
 * are compared in constant time against memory, never the store; a revoked key stops at once on
 * every connected node; limits are counted before a body is read. People come with a session, from
 * the console's own pages, with a role that is looked up at each request.
 */
import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { FairTurns } from '#apps/broker/src/access/fair-turns.js';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import { IntegratorDoor } from '#apps/broker/src/access/integrator-door.js';
import { KeyBook } from '#apps/broker/src/access/key-book.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { OperatorDoor } from '#apps/broker/src/access/operator-door.js';
import { PersonDoor } from '#apps/broker/src/access/person-door.js';
import { PolicyGuard } from '#apps/broker/src/access/policy.guard.js';
import { RateLimits } from '#apps/broker/src/access/rate-limits.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { TokenDoor } from '#apps/broker/src/access/token-door.js';
import { WaitingArea } from '#apps/broker/src/access/waiting-area.js';

@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    ConsoleOrigin,
    FairTurns,
    IntegratorDoor,
    KeyBook,
    KeyDoor,
    OperatorDoor,
    PersonDoor,
    RateLimits,
    RouteTable,
    SessionBook,
    TokenDoor,
    WaitingArea,
    { provide: APP_GUARD, useClass: PolicyGuard },
  ],
  exports: [ConsoleOrigin, KeyBook, KeyDoor, PersonDoor, RateLimits, RouteTable, SessionBook],
})
export class AccessModule {}
