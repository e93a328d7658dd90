/**
 * The part of a broker that writes the log, as a process of its own: takes in what waits and then two batches, and
 * kills itself at one statement of that. Run as `node sequencing-node.fixture.js URL STATEMENT LATER_MS`; prints
 * how many records each step was confirmed to have taken in.
 */
import { before, recordsOf, testLogKey } from '#apps/broker/src/audit/sequencing.fixture.js';
import { SequenceRecords } from '#apps/broker/src/audit/sequence-records.js';
import { openDatabase } from '#libs/db/open-database.js';
import { SystemClock } from '#libs/kernel/clock.js';

const [url = '', statement, laterMs] = process.argv.slice(2);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

const { kysely } = await openDatabase({ url });
const kills = before(Number(statement), () =>
  Number(laterMs) > 0 ? setTimeout(die, Number(laterMs)) : die(),
);
const step = new SequenceRecords(kysely.withPlugin(kills), testLogKey, new SystemClock());
const sizeBefore = await new SequenceRecords(kysely, testLogKey, new SystemClock()).size();

const tookIn = await step.execute();
if (tookIn.state === 'advanced') process.stdout.write(`${tookIn.size - sizeBefore}\n`);
for (const name of ['one', 'two'])
  if (await step.store(recordsOf(300, name))) process.stdout.write('300\n');
die();
