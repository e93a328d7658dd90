/**
 * The agent as a witness of the broker's audit log, and the broker as one of the agent's. Promises: it cosigns one history alone, what it has
 * cosigned is on this server's disk, and a log that takes anything back is told of here and never
 * cosigned again.
 */
import { Module } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { CheckpointsController } from '#apps/agent/src/witness/checkpoints.controller.js';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { CrossCheckpoints } from '#apps/agent/src/witness/cross-checkpoints.js';
import { OwnLogController } from '#apps/agent/src/witness/own-log.controller.js';
import { ReadOwnLog } from '#apps/agent/src/witness/read-own-log.js';
import { ReconcileHere } from '#apps/agent/src/witness/reconcile-here.js';
import { WitnessFile } from '#apps/agent/src/witness/witness-file.js';

@Module({
  controllers: [CheckpointsController, OwnLogController],
  providers: [
    CosignCheckpoint,
    CrossCheckpoints,
    ReadOwnLog,
    ReconcileHere,
    {
      provide: WitnessFile,
      useFactory: ({ stateFolder }: AgentConfig, log: EventLog) =>
        WitnessFile.open(stateFolder, log),
      inject: [AgentConfig, EventLog],
    },
  ],
  exports: [CosignCheckpoint, CrossCheckpoints, ReconcileHere],
})
export class WitnessModule {
  constructor(cosign: CosignCheckpoint, crossing: CrossCheckpoints, link: AgentLink) {
    cosign.onCosigned = (head) => crossing.cosigned(head);
    link.onAttached(() => void crossing.publish());
  }
}
