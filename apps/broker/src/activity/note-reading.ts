/**
 * That somebody looked is recorded too: who, with which filter or at which record, once in ten minutes. Nobody
 * fills the log by looking: beyond so many of them in that time a person's further ones are one record together.
 */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { ActivityFilter } from '#libs/console-api/activity.js';
import type { AuditScope } from '#libs/db/read-audit.js';
import { Clock } from '#libs/kernel/clock.js';

export const readingLimits = { restMs: 600_000, filters: 20, people: 5_000 };

const MANY = 'many';

/** A list by its filter; a record with its proof, by its number; what came of comparing records, of an agent or all. */
export type ReadMatter = ActivityFilter | { record: string } | { reconciliations: string };

@Injectable()
export class NoteReading {
  /** By reader and person: until when each filter counts as recorded. */
  private readonly noted = new Map<string, Map<string, number>>();

  constructor(
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @param place whose records these are, where the reader is not it
   * @throws ConduitError AUDIT_UNAVAILABLE: then nothing is shown
   */
  async execute(
    reader: AuditScope,
    personId: string,
    matter: ReadMatter,
    place: ReadPlace = placeOf(reader),
  ): Promise<void> {
    const nowMs = this.clock.now();
    const own = this.ofPerson(`${personId} ${JSON.stringify(reader)}`, nowMs);
    const words = filterWords(matter);
    const known = own.has(words) || own.size < readingLimits.filters ? words : MANY;
    if (own.has(known)) return;
    // Before it is stored: two pages at once are one reading.
    own.set(known, nowMs + readingLimits.restMs);
    try {
      await this.audit.record({
        type: 'activity.read',
        ...place,
        actorRef: personId,
        ...(known && { filter: known }),
      });
    } catch (error) {
      own.delete(known);
      throw error;
    }
  }

  private ofPerson(key: string, nowMs: number): Map<string, number> {
    const own = this.noted.get(key) ?? new Map<string, number>();
    for (const [words, untilMs] of own) if (untilMs <= nowMs) own.delete(words);
    this.noted.delete(key);
    this.noted.set(key, own);
    const [oldest] = this.noted.keys();
    if (this.noted.size > readingLimits.people && oldest !== undefined) this.noted.delete(oldest);
    return own;
  }
}

type ReadPlace = Pick<AuditRecord, 'practice' | 'integrator'>;

/** Whose records were read. The filter's integrator is not the record's: it is no act of theirs. */
export const placeOf = (reader: AuditScope): ReadPlace => ({
  ...(reader.kind === 'practice' && { practice: reader.practiceId }),
  ...(reader.kind === 'integrator' && { integrator: reader.integratorId }),
});

/** Ids and words of closed lists; times by their day. */
export const filterWords = (matter: ReadMatter): string =>
  Object.entries(matter)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${name === 'from' || name === 'to' ? value.slice(0, 10) : value}`,
    )
    .sort()
    .join(' ');
