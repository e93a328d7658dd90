import { describe, expect, test } from '@jest/globals';
import { matchHandlers, UnmatchedJobs } from '#libs/queue/job-handlers.js';
import { jobs, queues, type JobTable, type QueueTable } from '#libs/queue/jobs.js';

const rows = Object.entries(jobs as JobTable);
const handlerOf = (job: string) => ({ job, execute: () => Promise.resolve() });

describe('the table of jobs', () => {
  test.each(rows)('%s is called noun.verb, has a queue and bounds', (name, row) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+$/);
    expect(Object.keys(queues)).toContain(row.queue);
    expect(row.attempts).toBeGreaterThan(0);
    expect(row.deadlineMs).toBeGreaterThan(0);
  });

  test('schedules only what may run twice: a turn that vanished would end its schedule', () => {
    for (const [, row] of rows) {
      if (row.everyMs === undefined) continue;
      expect((queues as QueueTable)[row.queue]?.idempotent).toBe(true);
      expect(row.ids).toEqual([]);
    }
  });
});

describe('handlers', () => {
  const table: JobTable = {
    'code.purge': { queue: 'chores', attempts: 1, deadlineMs: 1, ids: [] },
    'site.visit': { queue: 'chores', attempts: 1, deadlineMs: 1, ids: [] },
    'letter.send': { queue: 'post', attempts: 1, deadlineMs: 1, ids: [] },
  };
  const problemsOf = (...names: string[]): readonly string[] => {
    try {
      matchHandlers(table, 'chores', names.map(handlerOf));
      return [];
    } catch (error) {
      return error instanceof UnmatchedJobs ? error.problems : ['another error'];
    }
  };

  test('fit when each job of the queue has one', () => {
    expect(problemsOf('code.purge', 'site.visit')).toEqual([]);
  });

  test('that are missing, doubled or of no job of the queue are all reported together', () => {
    expect(problemsOf('code.purge', 'code.purge', 'letter.send')).toEqual([
      'code.purge: 2 handlers',
      'site.visit: 0 handlers',
      'letter.send: no such job',
    ]);
  });
});
