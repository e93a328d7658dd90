import { expect, test } from '@jest/globals';
import { diagnosisOf } from '#apps/agent/src/link/link-status.js';
import { JournalUpkeep } from '#apps/agent/src/link/journal-upkeep.js';
import { MemoryEventLog } from '#apps/agent/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const dayMs = 86_400_000;
const nowMs = Date.parse('2028-01-01T00:00:00.000Z');
const isRight = { skewMs: 200, diagnosis: undefined };
const isUnknown = { skewMs: undefined, diagnosis: undefined };
const isWrong = {
  skewMs: 366 * dayMs,
  diagnosis: diagnosisOf(new ConduitError('CLOCK_SKEWED')),
};

/** What was let go, and what the log says of it. */
async function keep(clock: typeof isRight | typeof isUnknown | typeof isWrong, files = 3) {
  const pruned: number[] = [];
  const journal = {
    prune: async (beforeMs: number): Promise<number> => {
      pruned.push(beforeMs);
      return files;
    },
  };
  const log = new MemoryEventLog();
  await new JournalUpkeep(journal, clock, { journalKeepDays: 400 }, log).execute(nowMs);
  return { pruned, lines: log.lines };
}

test('what is older than the journal is kept goes, and the log says so', async () => {
  expect(await keep(isRight)).toEqual({
    pruned: [nowMs - 400 * dayMs],
    lines: [{ event: 'journal.pruned', fields: { files: 3 } }],
  });
  expect((await keep(isRight, 0)).lines).toEqual([]);
});

test.each([
  ['nobody has confirmed', isUnknown],
  ['the broker has found wrong', isWrong],
])('a clock that %s lets nothing go', async (_title, clock) => {
  expect((await keep(clock)).pruned).toEqual([]);
});
