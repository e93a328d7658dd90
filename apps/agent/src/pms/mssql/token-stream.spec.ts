/** The end of an answer is told once, and only while there is a request that it can end. */
import { expect, test } from '@jest/globals';
import { type AnswerListener, ExactTokenStream } from '#apps/agent/src/pms/mssql/token-stream.js';

const DONE = Buffer.from('fd0000000000000000000000fd', 'hex').subarray(0, 13);

interface Reading {
  told: string[];
  /** The reader has room again. */
  goOn: () => void;
  loseConnection: () => void;
  settled: () => Promise<void>;
}

/** An answer whose reader holds it back, and whose message ends as `pieces` do. */
function reading(pieces: () => AsyncGenerator<Buffer>): Reading {
  const told: string[] = [];
  let isOver = false;
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const listener = {
    done: () => told.push('done'),
    pause: () => held,
  } as unknown as AnswerListener;
  const stream = new ExactTokenStream({
    message: pieces(),
    debug: { token: () => undefined },
    options: { tdsVersion: '7_4', useColumnNames: false },
    handler: {},
    listener,
    isOver: () => isOver,
    broken: () => told.push('broken'),
  });
  stream.once('end', () => told.push('end'));
  return {
    told,
    goOn,
    loseConnection: () => (isOver = true),
    settled,
  };
}

/** Nothing here waits for a clock or a socket: after some turns of the loop all is done that can be. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function* whole(): AsyncGenerator<Buffer> {
  yield DONE;
}

async function* torn(): AsyncGenerator<Buffer> {
  yield DONE;
  yield DONE.subarray(0, 5);
}

test('an answer that was read to its end ends its request', async () => {
  const answer = reading(whole);
  answer.goOn();
  await answer.settled();
  expect(answer.told).toEqual(['done', 'end']);
});

test('one whose connection was lost while its reader was slow ends nothing: that has ended', async () => {
  const answer = reading(whole);
  await answer.settled();
  answer.loseConnection();
  answer.goOn();
  await answer.settled();
  expect(answer.told).toEqual(['done']);
});

test('one that breaks off is told as broken, but not after its connection was lost', async () => {
  const answer = reading(torn);
  answer.goOn();
  await answer.settled();
  expect(answer.told).toEqual(['done', 'broken']);
  const late = reading(torn);
  await late.settled();
  late.loseConnection();
  late.goOn();
  await late.settled();
  expect(late.told).toEqual(['done']);
});
