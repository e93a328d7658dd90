import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type {
  ExportActivityDto,
  ReadActivityDto,
} from '#apps/broker/src/activity/activity-bodies.js';
import { ExportActivity } from '#apps/broker/src/activity/export-activity.js';
import { NoteReading } from '#apps/broker/src/activity/note-reading.js';
import { ReadActivity, type StoredAct } from '#apps/broker/src/activity/read-activity.js';
import type { ActivityEntry, ActivityPage } from '#libs/console-api/activity.js';
import type { AuditScope } from '#libs/db/read-audit.js';

/** What each reader's controller hands on to: the same for all three. */
@Injectable()
export class ActivityDesk {
  constructor(
    private readonly activity: ReadActivity,
    private readonly reading: NoteReading,
    private readonly file: ExportActivity,
  ) {}

  async read(
    reader: AuditScope,
    { personId }: SignedInPerson,
    { before, ...filter }: ReadActivityDto,
  ): Promise<ActivityPage> {
    await this.reading.execute(reader, personId, filter);
    return this.activity.page(reader, filter, before);
  }

  /** One record's line. To show the record with its proof is reading too: its numbers can be counted up. */
  async entry(
    reader: AuditScope,
    { personId }: SignedInPerson,
    stored: StoredAct,
  ): Promise<ActivityEntry> {
    await this.reading.execute(reader, personId, { record: stored.seq });
    return this.activity.entry(reader, stored);
  }

  /** A failure on the way cuts the connection, so that half a file is no file. */
  async export(
    reader: AuditScope,
    person: SignedInPerson,
    wanted: ExportActivityDto,
    reply: FastifyReply,
  ): Promise<void> {
    const { fileName, contentType, content } = await this.file.execute(reader, person, wanted);
    void reply
      .header('content-type', contentType)
      .header('content-disposition', `attachment; filename="${fileName}"`)
      .send(content);
  }
}
