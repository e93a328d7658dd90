/**
 * Who watches the audit log: the agents, asked over their links, and anybody else over HTTP. Promises:
 * every attached agent is shown a new head within seconds; what one of them finds wrong is in the log of this
 * node and in the console; a cosignature from outside counts only under a key of the settings; heads of the agents' own logs are kept, and none that takes anything back; nothing that is served tells what was done.
 */
import { Module } from '@nestjs/common';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { AgentLogsController } from '#apps/broker/src/witnesses/agent-logs.controller.js';
import { AskWitness } from '#apps/broker/src/witnesses/ask-witness.js';
import { JudgeHead } from '#apps/broker/src/witnesses/judge-head.js';
import { KeepAgentLog } from '#apps/broker/src/witnesses/keep-agent-log.js';
import { LogController } from '#apps/broker/src/witnesses/log.controller.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { TakeCosignature } from '#apps/broker/src/witnesses/take-cosignature.js';
import { WitnessRound } from '#apps/broker/src/witnesses/witness-round.js';

@Module({
  imports: [GatewayModule],
  controllers: [AgentLogsController, LogController],
  providers: [AskWitness, JudgeHead, KeepAgentLog, ReadLog, TakeCosignature, WitnessRound],
  exports: [ReadLog, WitnessRound],
})
export class WitnessesModule {}
