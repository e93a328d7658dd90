/**
 * Whether what the broker passed on and what ran at practices is the same: nightly for every agent, and on demand.
 * Promises: an agent's records count only as far as its log proves them; what contradicts itself is kept with both
 * records, and ends only with somebody's reason; an agent that is offline is no incident, and one that is there and
 * does not show its log is; nothing that is told holds a payload or an exact size.
 */
import { Module } from '@nestjs/common';
import { ActivityModule } from '#apps/broker/src/activity/activity.module.js';
import { GatewayModule } from '#apps/broker/src/gateway/gateway.module.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { BeginReconciliation } from '#apps/broker/src/reconciliation/begin-reconciliation.js';
import { EndReconciliation } from '#apps/broker/src/reconciliation/end-reconciliation.js';
import { HoldStep } from '#apps/broker/src/reconciliation/hold-step.js';
import { LogAlarmBook } from '#apps/broker/src/reconciliation/log-alarms.js';
import { LogAlarmsController } from '#apps/broker/src/reconciliation/log-alarms.controller.js';
import { NoteMissedNights } from '#apps/broker/src/reconciliation/note-missed-nights.js';
import { ReadAgentLog } from '#apps/broker/src/reconciliation/read-agent-log.js';
import { ReconcileAgent } from '#apps/broker/src/reconciliation/reconcile-agent.js';
import { ReconcileNightly } from '#apps/broker/src/reconciliation/reconcile-nightly.js';
import {
  AgentReconciliationsController,
  PracticeReconciliationsController,
} from '#apps/broker/src/reconciliation/reconciliations.controller.js';
import { ShowReconciliations } from '#apps/broker/src/reconciliation/show-reconciliations.js';
import { SiteRecords } from '#apps/broker/src/reconciliation/site-records.js';
import { SiteRecordsController } from '#apps/broker/src/reconciliation/site-records.controller.js';
import { WitnessesModule } from '#apps/broker/src/witnesses/witnesses.module.js';

@Module({
  imports: [ActivityModule, GatewayModule, PeopleModule, WitnessesModule],
  controllers: [
    AgentReconciliationsController,
    LogAlarmsController,
    PracticeReconciliationsController,
    SiteRecordsController,
  ],
  providers: [
    BeginReconciliation,
    EndReconciliation,
    HoldStep,
    LogAlarmBook,
    NoteMissedNights,
    ReadAgentLog,
    ReconcileAgent,
    ReconcileNightly,
    ShowReconciliations,
    SiteRecords,
  ],
  exports: [ReadAgentLog],
})
export class ReconciliationModule {}
