/** P3 and P4: a hundred megabytes of rows as NDJSON, to a fast reader and to one at 5 MB/s. */
import type { TestConduit } from '#test/support/start-conduit.js';
import { startBenchConduit } from '#test/bench/bench-conduit.js';
import { DirectPms } from '#test/bench/direct-pms.js';
import { peakMb, resetPeak, residentMb } from '#test/bench/peak-memory.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';

/** Appointments joined to themselves: enough rows of everyday types for a hundred megabytes. */
const statement = (rows: number): string =>
  `SELECT TOP (${rows}) a.*, p.SURNAME, p.FIRSTNAME, p.DOB
   FROM dbo.Appointment a JOIN dbo.Patient p ON p.INTERNALID = a.INTERNALID
   CROSS JOIN (SELECT TOP (50) INTERNALID AS N FROM dbo.Patient ORDER BY INTERNALID) n`;

const megabyte = 1024 * 1024;
/** Enough for the last line of a stream. */
const TAIL_BYTES = 500;
const wantedBytes = 100 * megabyte;

/** Reads the stream to its end. @returns bytes and seconds */
async function readStream(
  test: TestConduit,
  text: string,
  bytesPerSecond = Infinity,
): Promise<{ bytes: number; seconds: number }> {
  const started = performance.now();
  const answer = await test.open('POST', `${test.queriesPath}/immediate`, {
    headers: { accept: 'application/x-ndjson' },
    body: { command: { text } },
  });
  if (answer.statusCode !== 200) throw new Error('the stream was refused');
  let bytes = 0;
  let tail = '';
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - TAIL_BYTES))).slice(
      -TAIL_BYTES,
    );
    const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - started);
    if (aheadMs > 5) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  if (!tail.includes('"$end"')) throw new Error(`no trailer, rows may be missing: ${tail}`);
  return { bytes, seconds: (performance.now() - started) / 1000 };
}

/** How many rows make a hundred megabytes of NDJSON. */
async function rowsForAHundredMegabytes(test: TestConduit): Promise<number> {
  const sample = await readStream(test, statement(2_000));
  return Math.ceil(wantedBytes / (sample.bytes / 2_000));
}

export const streamThroughput: Scenario = {
  id: 'P3',
  title: '100 MB of rows as NDJSON, MB/s',
  bar: '>= 0.5 of mssql streaming the same rows',
  holds: (figure) => figure >= 0.5,
  async measure(rounds) {
    const test = await startBenchConduit();
    const direct = await DirectPms.connect(test.conduit.pms!);
    try {
      const text = statement(await rowsForAHundredMegabytes(test));
      const seconds = await interleave(
        rounds,
        async () => (await readStream(test, text)).seconds,
        async () => {
          const started = performance.now();
          await direct.stream(text);
          return (performance.now() - started) / 1000;
        },
      );
      return {
        figure: seconds.floor / seconds.product,
        unit: 'ratio',
        product: `${(100 / seconds.product).toFixed(1)} MB/s`,
        floor: `${(100 / seconds.floor).toFixed(1)} MB/s of the same rows`,
      };
    } finally {
      await direct.close();
      await test.stop();
    }
  },
};

export const streamMemory: Scenario = {
  id: 'P4',
  title:
    '100 MB of rows to a reader at 5 MB/s: growth of peak memory, the worse of broker and agent',
  bar: '<= 48 MB each',
  holds: (figure) => figure <= 48,
  async measure() {
    const test = await startBenchConduit();
    try {
      const text = statement(await rowsForAHundredMegabytes(test));
      const programs = { broker: test.conduit.broker!.pid, agent: test.conduit.agent!.pid };
      const before = { broker: residentMb(programs.broker), agent: residentMb(programs.agent) };
      for (const pid of Object.values(programs)) resetPeak(pid);
      await readStream(test, text, 5 * megabyte);
      const growth = {
        broker: peakMb(programs.broker) - before.broker,
        agent: peakMb(programs.agent) - before.agent,
      };
      return {
        figure: Math.max(growth.broker, growth.agent),
        unit: 'MB',
        product: `broker +${growth.broker.toFixed(0)} MB, agent +${growth.agent.toFixed(0)} MB`,
        floor: `before: broker ${before.broker.toFixed(0)} MB, agent ${before.agent.toFixed(0)} MB`,
      };
    } finally {
      await test.stop();
    }
  },
};
