/**
 * Proofs for those whom records are about: receipts by id, the record behind a line of activity, exports to
 * check offline. Promises: everybody gets their own records alone, and one of somebody else is answered
 * like one that is not there; what is given out can be checked without the broker; nothing here
 * is on a query's way but a header; what was destroyed by the schedule is told as destroyed, with the place that
 * is left of it.
 */
import { Module } from '@nestjs/common';
import { ActivityModule } from '#apps/broker/src/activity/activity.module.js';
import { AsyncQueriesModule } from '#apps/broker/src/async-queries/async-queries.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { ExportProofs } from '#apps/broker/src/proofs/export-proofs.js';
import { FindDestroyed } from '#apps/broker/src/proofs/find-destroyed.js';
import { FindEntry } from '#apps/broker/src/proofs/find-entry.js';
import { FindReceipt } from '#apps/broker/src/proofs/find-receipt.js';
import { GatherExport } from '#apps/broker/src/proofs/gather-export.js';
import { IntegratorProofsController } from '#apps/broker/src/proofs/integrator-proofs.controller.js';
import { PracticeProofsController } from '#apps/broker/src/proofs/practice-proofs.controller.js';
import { ProveLeaves } from '#apps/broker/src/proofs/prove-leaves.js';
import { ReceiptsController } from '#apps/broker/src/proofs/receipts.controller.js';
import { ShowLine } from '#apps/broker/src/proofs/show-line.js';
import { ShowProof } from '#apps/broker/src/proofs/show-proof.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';

@Module({
  imports: [ActivityModule, AsyncQueriesModule, PeopleModule, QueriesModule],
  controllers: [ReceiptsController, PracticeProofsController, IntegratorProofsController],
  providers: [
    ExportProofs,
    FindDestroyed,
    FindEntry,
    FindReceipt,
    GatherExport,
    ProveLeaves,
    ShowLine,
    ShowProof,
  ],
})
export class ProofsModule {}
