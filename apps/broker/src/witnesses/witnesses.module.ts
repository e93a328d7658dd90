/**
 * Who watches the audit log: the agents, asked over their links, and anybody else over HTTP. Promises:
 * every attached agent is shown a new head within seconds; what one of them finds wrong is in the log of this
 * node and in the console; nothing that is served tells what was done.
 */
import { Module } from '@nestjs/common';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { AskWitness } from '#apps/broker/src/witnesses/ask-witness.js';
import { LogController } from '#apps/broker/src/witnesses/log.controller.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { WitnessRound } from '#apps/broker/src/witnesses/witness-round.js';

@Module({
  imports: [GatewayModule],
  controllers: [LogController],
  providers: [AskWitness, ReadLog, WitnessRound],
  exports: [WitnessRound],
})
export class WitnessesModule {}
