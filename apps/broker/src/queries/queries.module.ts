/**
 * Immediate queries from an HTTPS call to a site's agent and back. Promises: nothing of a statement
 * or a row is kept or logged; a caller that leaves stops the statement; a slow reader slows only its
 * own query; every query ends in exactly one audit record.
 */
import { Module } from '@nestjs/common';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { NodesModule } from '#apps/broker/src/nodes/nodes.module.js';
import { AnswerBudget } from '#apps/broker/src/queries/answer-budget.js';
import { AnswerQuery } from '#apps/broker/src/queries/answer-query.js';
import { HoldResult } from '#apps/broker/src/queries/hold-result.js';
import { ImmediateCall } from '#apps/broker/src/queries/immediate-call.js';
import { QueriesController } from '#apps/broker/src/queries/queries.controller.js';
import { QueryAdmission } from '#apps/broker/src/queries/query-admission.js';
import { QueryBodies } from '#apps/broker/src/queries/query-bodies.js';
import { QueryLedger } from '#apps/broker/src/queries/query-ledger.js';
import { QueryRecorder } from '#apps/broker/src/queries/query-recorder.js';
import { ReceiptIds } from '#apps/broker/src/queries/receipt-ids.js';
import { RunQuery } from '#apps/broker/src/queries/run-query.js';
import { SitesModule } from '#apps/broker/src/sites/sites.module.js';

@Module({
  imports: [GrantsModule, NodesModule, SitesModule],
  controllers: [QueriesController],
  providers: [
    AnswerBudget,
    AnswerQuery,
    HoldResult,
    ImmediateCall,
    QueryAdmission,
    QueryBodies,
    QueryLedger,
    QueryRecorder,
    ReceiptIds,
    RunQuery,
  ],
  exports: [HoldResult, ImmediateCall, QueryAdmission, QueryBodies, QueryLedger, ReceiptIds],
})
export class QueriesModule {}
