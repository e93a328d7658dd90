/**
 * What became of a write, asked of the site itself under the write's key. Promises: nothing of it is
 * kept here; while the site cannot be asked the answer is `unknown` and says why.
 */
import { Module } from '@nestjs/common';
import { NodesModule } from '#apps/broker/src/nodes/nodes.module.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';
import { SitesModule } from '#apps/broker/src/sites/sites.module.js';
import { FindWrite } from '#apps/broker/src/writes/find-write.js';
import { WritesController } from '#apps/broker/src/writes/writes.controller.js';

@Module({
  imports: [NodesModule, QueriesModule, SitesModule],
  controllers: [WritesController],
  providers: [FindWrite],
})
export class WritesModule {}
