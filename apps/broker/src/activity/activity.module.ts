/**
 * Reading the audit records: a practice what happened there, an integrator what it did, the operator's
 * security officer what the operator's people did; in sentences, filtered, as files. Promises: the
 * database itself shows a reader no other's rows; a page costs the same whether there are ten acts or ten
 * million; reading is recorded, and a file leaves only after a passkey has confirmed it.
 */
import { Module } from '@nestjs/common';
import { ActivityDesk } from '#apps/broker/src/activity/activity-desk.js';
import { ActivityPeople } from '#apps/broker/src/activity/activity-people.js';
import { ExportActivity } from '#apps/broker/src/activity/export-activity.js';
import { FindRecords } from '#apps/broker/src/activity/find-records.js';
import { IntegratorActivityController } from '#apps/broker/src/activity/integrator-activity.controller.js';
import { NameActivity } from '#apps/broker/src/activity/name-activity.js';
import { NoteReading } from '#apps/broker/src/activity/note-reading.js';
import { OperatorActivityController } from '#apps/broker/src/activity/operator-activity.controller.js';
import { PracticeActivityController } from '#apps/broker/src/activity/practice-activity.controller.js';
import { ReadActivity } from '#apps/broker/src/activity/read-activity.js';
import { PeopleModule } from '#apps/broker/src/people/people.module.js';

@Module({
  imports: [PeopleModule],
  controllers: [
    PracticeActivityController,
    IntegratorActivityController,
    OperatorActivityController,
  ],
  providers: [
    ActivityDesk,
    ActivityPeople,
    ExportActivity,
    FindRecords,
    NameActivity,
    NoteReading,
    ReadActivity,
  ],
  exports: [ActivityDesk, NoteReading],
})
export class ActivityModule {}
