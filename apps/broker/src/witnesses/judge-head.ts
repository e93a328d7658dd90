/**
 * Whether a head that somebody hands in is this log's own. One that bears this log's signature and is not this
 * log's, of whatever size, is what witnesses are there for: it is told of. Anybody may ask, so nothing is
 * looked up of a head that this log never signed but whether it is kept.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ReadLog } from '#apps/broker/src/witnesses/read-log.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { parseNote, type Note } from '#libs/audit/signed-note.js';
import type { Database } from '#libs/db/schema.js';

@Injectable()
export class JudgeHead {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly key: LogKey,
    private readonly read: ReadLog,
    private readonly log: EventLog,
  ) {}

  /**
   * @param body the note as it came
   * @param witness the name of whose line is under it
   * @returns whether this log has signed exactly this head, and keeps it
   */
  async isKept(body: string, note: Note, size: number, witness: string): Promise<boolean> {
    const kept = await this.database
      .selectFrom('audit_checkpoints')
      .select('signed')
      .where('size', '=', String(size))
      .executeTakeFirst();
    if (kept && parseNote(kept.signed)?.text === note.text) return true;
    const signed = openCheckpoint(body, this.key.verifier)?.checkpoint;
    // Of a head that is not kept any more the tiles say whether it was this log's.
    const isForked = signed && (await this.read.rootAt(size))?.equals(signed.root) !== true;
    if (isForked) this.log.write('audit-log.forked', { witness, size });
    return false;
  }
}
