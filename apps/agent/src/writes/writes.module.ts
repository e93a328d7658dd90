/**
 * Writes that are made at most once. Promises: a write and its row in the write journal are committed
 * together or not at all; the same request under the same key is answered again without running; what
 * a write answered rests as ciphertext only; who asks hears what is known and nothing that is guessed.
 */
import { Module } from '@nestjs/common';
import { FindWriteController } from '#apps/agent/src/writes/find-write.controller.js';
import { FindWrite } from '#apps/agent/src/writes/find-write.js';
import { PurgeWrites } from '#apps/agent/src/writes/purge-writes.js';

@Module({
  controllers: [FindWriteController],
  providers: [FindWrite, PurgeWrites],
})
export class WritesModule {}
