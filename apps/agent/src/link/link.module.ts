/**
 * The agent's link to the broker. Promises: dialled out only, mutual TLS 1.3 with the pinned CA;
 * always coming back, with jitter, within a minute; every failure named once in the log and in
 * `status` with what a technician can do; keys replaced in time; no join counted twice.
 */
import { Global, Module } from '@nestjs/common';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import { KeyUpkeep } from '#apps/agent/src/link/key-upkeep.js';
import { LinkTarget } from '#apps/agent/src/link/link-target.js';
import { TimeController } from '#apps/agent/src/link/time.controller.js';

@Global()
@Module({
  controllers: [TimeController],
  providers: [
    AgentLink,
    BrokerClock,
    KeyUpkeep,
    LinkTarget,
    { provide: BrokerLine, useExisting: AgentLink },
  ],
  exports: [AgentLink, BrokerClock, BrokerLine, KeyUpkeep],
})
export class LinkModule {}
