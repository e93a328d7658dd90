import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { activityCsv, activityJson } from '#apps/broker/src/practice-desk/activity-file.js';
import { ReadActivity } from '#apps/broker/src/practice-desk/read-activity.js';
import type { ExportActivityRequest, ExportedActivity } from '#libs/console-api/practice.js';
import { Clock } from '#libs/kernel/clock.js';

/** Activity as a file, to somebody who has confirmed exactly this filter; that it left is recorded first. */
@Injectable()
export class ExportActivity {
  constructor(
    private readonly activity: ReadActivity,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED, AUDIT_UNAVAILABLE */
  async execute(
    practiceId: string,
    person: SignedInPerson,
    { format, filter, stepUp }: ExportActivityRequest,
  ): Promise<ExportedActivity> {
    const action = { type: 'activity.export', practiceId, format, filter: { ...filter } };
    await this.stepUps.require(person, action, stepUp);
    const record = { type: 'activity.exported', practice: practiceId } as const;
    await this.audit.record({ ...record, actorRef: person.personId });
    const { entries, isCut } = await this.activity.all(practiceId, filter);
    const day = new Date(this.clock.now()).toISOString().slice(0, 10);
    const isCsv = format === 'csv';
    return {
      fileName: `conduit-activity-${day}.${format}`,
      contentType: isCsv ? 'text/csv;charset=utf-8' : 'application/json',
      text: isCsv ? activityCsv(entries) : activityJson(entries),
      entries: entries.length,
      isCut,
    };
  }
}
