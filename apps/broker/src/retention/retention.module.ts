/**
 * How long what is kept, as code: one table of rules, plans that wait and can be undone, holds, and a register of
 * what went. Promises: nothing goes before its rule's time, nor while it is held; each destruction is entered in the
 * register and the audit log in the transaction that does it; the log's tree stays whole; what a person asks for
 * and what they decide is recorded.
 */
import { Module } from '@nestjs/common';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';
import { EraseNames } from '#apps/broker/src/retention/erase-names.js';
import { ExecuteDestructions } from '#apps/broker/src/retention/execute-destructions.js';
import { KeepLonger } from '#apps/broker/src/retention/keep-longer.js';
import { LegalHolds } from '#apps/broker/src/retention/legal-holds.js';
import { OperatorRetentionController } from '#apps/broker/src/retention/operator-retention.controller.js';
import { PlanDestructions } from '#apps/broker/src/retention/plan-destructions.js';
import { PracticeRetentionController } from '#apps/broker/src/retention/practice-retention.controller.js';
import { RetentionNames } from '#apps/broker/src/retention/retention-names.js';
import { ShowRetention } from '#apps/broker/src/retention/show-retention.js';

@Module({
  imports: [PeopleModule],
  controllers: [OperatorRetentionController, PracticeRetentionController],
  providers: [
    ActivityPeople,
    EraseNames,
    ExecuteDestructions,
    KeepLonger,
    LegalHolds,
    PlanDestructions,
    RetentionNames,
    ShowRetention,
  ],
})
export class RetentionModule {}
