/**
 * The agent as a witness of the broker's audit log. Promises: it cosigns one history alone, what it has
 * cosigned is on this server's disk, and a log that takes anything back is told of here and never
 * cosigned again.
 */
import { Module } from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { CheckpointsController } from '#apps/agent/src/witness/checkpoints.controller.js';
import { CosignCheckpoint } from '#apps/agent/src/witness/cosign-checkpoint.js';
import { WitnessFile } from '#apps/agent/src/witness/witness-file.js';

@Module({
  controllers: [CheckpointsController],
  providers: [
    CosignCheckpoint,
    {
      provide: WitnessFile,
      useFactory: ({ stateFolder }: AgentConfig) => WitnessFile.open(stateFolder),
      inject: [AgentConfig],
    },
  ],
  exports: [CosignCheckpoint],
})
export class WitnessModule {}
