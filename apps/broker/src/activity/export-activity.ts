import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { fileForms, fileText } from '#apps/broker/src/activity/activity-file.js';
import { filterWords, placeOf } from '#apps/broker/src/activity/note-reading.js';
import { ReadActivity } from '#apps/broker/src/activity/read-activity.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type { ExportActivityRequest } from '#libs/console-api/activity.js';
import type { AuditScope } from '#libs/db/read-audit.js';
import { Clock } from '#libs/kernel/clock.js';

export interface ActivityFile {
  fileName: string;
  contentType: string;
  /** Read from the store as it is taken. */
  content: Readable;
}

/** Activity as a file, to somebody who has confirmed exactly this filter; that it left is recorded first. */
@Injectable()
export class ExportActivity {
  constructor(
    private readonly activity: ReadActivity,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly log: LogKey,
  ) {}

  /** @throws ConduitError STEP_UP_REFUSED, AUDIT_UNAVAILABLE */
  async execute(
    reader: AuditScope,
    person: SignedInPerson,
    { format, filter, stepUp }: ExportActivityRequest,
  ): Promise<ActivityFile> {
    const { kind: _, ...place } = reader;
    const action = { type: 'activity.export', ...place, format, filter: { ...filter } };
    await this.stepUps.require(person, action, stepUp);
    await this.audit.record({
      type: 'activity.exported',
      ...placeOf(reader),
      actorRef: person.personId,
      filter: [`format=${format}`, filterWords(filter)].join(' ').trim(),
    });
    const day = new Date(this.clock.now()).toISOString().slice(0, 10);
    const { contentType, extension } = fileForms[format];
    const acts = this.activity.all(reader, filter);
    const gone = await this.activity.destroyed(reader, filter);
    return {
      fileName: `conduit-activity-${day}.${extension}`,
      contentType,
      content: Readable.from(fileText(format, acts, this.log.origin, gone), { objectMode: false }),
    };
  }
}
