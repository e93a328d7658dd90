import { expect, test } from '@jest/globals';
import { NoteReading, readingLimits } from '#apps/broker/src/activity/note-reading.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { FixedClock } from '#libs/kernel/clock.js';

class KeptTrail extends AuditTrail {
  readonly records: Omit<AuditRecord, 'ts'>[] = [];
  isDown = false;
  note(): void {}
  async record(record: Omit<AuditRecord, 'ts'>): Promise<void> {
    if (this.isDown) throw new Error('down');
    this.records.push(record);
  }
}

const practice = { kind: 'practice', practiceId: 'p' } as const;

function arrange() {
  const trail = new KeptTrail();
  const clock = new FixedClock(0);
  return { trail, clock, reading: new NoteReading(trail, clock) };
}

test('is recorded once for a person and a filter in ten minutes', async () => {
  const { trail, clock, reading } = arrange();
  const filter = { kind: 'records', integratorId: 'i', from: '2026-03-04T05:06:07Z' } as const;
  for (let page = 0; page < 50; page += 1) await reading.execute(practice, 'anna', filter);
  expect(trail.records).toEqual([
    {
      ...{ type: 'activity.read', practice: 'p', actorRef: 'anna' },
      filter: 'from=2026-03-04 integratorId=i kind=records',
    },
  ]);
  await reading.execute(practice, 'ben', filter);
  await reading.execute(practice, 'anna', {});
  await reading.execute({ kind: 'integrator', integratorId: 'i' }, 'anna', {});
  await reading.execute({ kind: 'operator' }, 'anna', {});
  expect(trail.records.slice(1)).toEqual([
    expect.objectContaining({ actorRef: 'ben' }),
    { type: 'activity.read', practice: 'p', actorRef: 'anna' },
    { type: 'activity.read', integrator: 'i', actorRef: 'anna' },
    { type: 'activity.read', actorRef: 'anna' },
  ]);
  clock.advance(readingLimits.restMs);
  await reading.execute(practice, 'anna', filter);
  expect(trail.records).toHaveLength(6);
});

test('fills no log, however many filters somebody tries', async () => {
  const { trail, reading } = arrange();
  for (let n = 0; n < 500; n += 1) await reading.execute(practice, 'anna', { siteId: `s${n}` });
  expect(trail.records).toHaveLength(readingLimits.filters + 1);
  expect(trail.records.at(-1)).toMatchObject({ filter: 'many' });
});

test('names the record that was opened, and whose it is where that is not the reader', async () => {
  const { trail, reading } = arrange();
  for (let seq = 1; seq < 500; seq += 1)
    await reading.execute(practice, 'anna', { record: `${seq % 50}` });
  expect(trail.records).toHaveLength(readingLimits.filters + 1);
  expect(trail.records[0]).toMatchObject({ practice: 'p', filter: 'record=1' });
  const operator = { kind: 'operator' } as const;
  await reading.execute(operator, 'olga', { reconciliations: 'a-1' }, { practice: 'p' });
  expect(trail.records.at(-1)).toMatchObject({ practice: 'p', filter: 'reconciliations=a-1' });
});

test('shows nothing where it can’t be recorded, and is recorded at the next try', async () => {
  const { trail, reading } = arrange();
  trail.isDown = true;
  await expect(reading.execute(practice, 'anna', {})).rejects.toThrow('down');
  trail.isDown = false;
  await reading.execute(practice, 'anna', {});
  expect(trail.records).toHaveLength(1);
});
