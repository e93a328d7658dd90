/**
 * Queries that may wait: submit, line, run, status, pages, cancel. Promises: what is acknowledged
 * ends, successful, failed with a reason, expired or cancelled; nothing is run twice that changes
 * something; what lies still is sealed; without Redis a submit is refused and nothing else suffers.
 */
import { Module } from '@nestjs/common';
import { AgentKeyBook } from '#apps/broker/src/async-queries/agent-key-book.js';
import { AsyncQueriesController } from '#apps/broker/src/async-queries/async-queries.controller.js';
import { AsyncRecorder } from '#apps/broker/src/async-queries/async-recorder.js';
import { AsyncSubmits } from '#apps/broker/src/async-queries/async-submits.js';
import { CancelQuery } from '#apps/broker/src/async-queries/cancel-query.js';
import { CarryQuery } from '#apps/broker/src/async-queries/carry-query.js';
import { ClaimKeeper } from '#apps/broker/src/async-queries/claim-keeper.js';
import { DispatchQuery } from '#apps/broker/src/async-queries/dispatch-query.js';
import { EndedRecords } from '#apps/broker/src/async-queries/ended-records.js';
import { EndQuery } from '#apps/broker/src/async-queries/end-query.js';
import { ExpireQuery } from '#apps/broker/src/async-queries/expire-query.js';
import { FetchPage } from '#apps/broker/src/async-queries/fetch-page.js';
import { FindQuery } from '#apps/broker/src/async-queries/find-query.js';
import { IdempotentSubmits } from '#apps/broker/src/async-queries/idempotent-submits.js';
import { LineNews } from '#apps/broker/src/async-queries/line-news.js';
import { PurgeResults } from '#apps/broker/src/async-queries/purge-results.js';
import { QueryIds } from '#apps/broker/src/async-queries/query-id.js';
import { QueryPump } from '#apps/broker/src/async-queries/query-pump.js';
import { QueryRecords } from '#apps/broker/src/async-queries/query-records.js';
import { QueryStatuses } from '#apps/broker/src/async-queries/query-statuses.js';
import { ReleaseQuery } from '#apps/broker/src/async-queries/release-query.js';
import { RequestRoom } from '#apps/broker/src/async-queries/request-room.js';
import { ResultsController } from '#apps/broker/src/async-queries/results.controller.js';
import { RunClaimed } from '#apps/broker/src/async-queries/run-claimed.js';
import { RunGate } from '#apps/broker/src/async-queries/run-gate.js';
import { ShowQuery } from '#apps/broker/src/async-queries/show-query.js';
import { SiteLines } from '#apps/broker/src/async-queries/site-lines.js';
import { StartWaiting } from '#apps/broker/src/async-queries/start-waiting.js';
import { SubmitQuery } from '#apps/broker/src/async-queries/submit-query.js';
import { WaitingAllowance } from '#apps/broker/src/async-queries/waiting-allowance.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { GrantsModule } from '#apps/broker/src/grants/grants.module.js';
import { JobsModule } from '#apps/broker/src/jobs/jobs.module.js';
import { QueriesModule } from '#apps/broker/src/queries/queries.module.js';
import { ResultsModule } from '#apps/broker/src/results/results.module.js';
import { SitesModule } from '#apps/broker/src/sites/sites.module.js';

@Module({
  imports: [GatewayModule, GrantsModule, JobsModule, QueriesModule, ResultsModule, SitesModule],
  controllers: [AsyncQueriesController, ResultsController],
  providers: [
    AgentKeyBook,
    AsyncRecorder,
    AsyncSubmits,
    CancelQuery,
    CarryQuery,
    ClaimKeeper,
    DispatchQuery,
    EndedRecords,
    EndQuery,
    ExpireQuery,
    FetchPage,
    FindQuery,
    IdempotentSubmits,
    LineNews,
    PurgeResults,
    QueryIds,
    QueryPump,
    QueryRecords,
    QueryStatuses,
    ReleaseQuery,
    RequestRoom,
    RunClaimed,
    RunGate,
    ShowQuery,
    SiteLines,
    StartWaiting,
    SubmitQuery,
    WaitingAllowance,
  ],
  exports: [QueryRecords, SiteLines],
})
export class AsyncQueriesModule {}
