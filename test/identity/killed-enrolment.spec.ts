/** `agent enrol` as a process of its own, killed at any moment: running it again ends well. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { programPath } from '#deploy/dev/programs.js';
import { newStateFolder, startConnectedAgent } from '#test/identity/agent.fixture.js';
import {
  startTestBroker,
  type TestBroker,
  type TestPractice,
} from '#test/identity/broker.fixture.js';

const RANDOM_KILLS = 6;

let broker: TestBroker;
/** How long an enrolment takes when nobody disturbs it. */
let wholeMs = 0;

beforeAll(async () => {
  broker = await startTestBroker();
  const startedAt = performance.now();
  const stateFolder = newStateFolder();
  expect(await ending(enrolling(await broker.practice(), stateFolder))).toBe(0);
  wholeMs = performance.now() - startedAt;
  rmSync(stateFolder, { recursive: true });
}, 60_000);

afterAll(() => broker.stop());

function enrolling({ code }: TestPractice, stateFolder: string): ChildProcess {
  const words = ['enrol', code.reveal(), '--broker', broker.url, '--state', stateFolder];
  return spawn(process.execPath, [programPath('agent'), ...words], {
    stdio: 'ignore',
  });
}

/** @returns its exit code, or null when it was killed */
async function ending(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** Runs it again on what was left, and sees that the agent is one its broker knows. */
async function endsWellOnTheNextRun(practice: TestPractice, stateFolder: string): Promise<void> {
  expect(await ending(enrolling(practice, stateFolder))).toBe(0);
  const agent = await startConnectedAgent(stateFolder);
  await agent.stop(0);
  rmSync(stateFolder, { recursive: true });
}

test.each(Array.from({ length: RANDOM_KILLS }, (_none, n) => [n]))(
  'an enrolment that is killed at a random moment is simply run again (%i)',
  async (n) => {
    const practice = await broker.practice();
    const stateFolder = newStateFolder();
    const child = enrolling(practice, stateFolder);
    // One moment in each part of its life, anywhere in that part.
    setTimeout(() => child.kill('SIGKILL'), (wholeMs * (n + Math.random())) / RANDOM_KILLS);
    await ending(child);
    await endsWellOnTheNextRun(practice, stateFolder);
  },
  30_000,
);

test('an enrolment that is killed when its code is used and its answer is on the way keeps the code good', async () => {
  const practice = await broker.practice();
  const stateFolder = newStateFolder();
  const child = enrolling(practice, stateFolder);
  const { audit } = broker;
  const record = audit.record.bind(audit);
  // The broker writes this before it answers.
  audit.record = async (entry) => {
    await record(entry);
    if (entry.type === 'agent.enrolled') child.kill('SIGKILL');
  };
  expect(await ending(child)).toBe(null);
  audit.record = record;
  await endsWellOnTheNextRun(practice, stateFolder);
}, 30_000);

test('an enrolment that was done and could not say so is done when it is run again', async () => {
  const practice = await broker.practice();
  const stateFolder = newStateFolder();
  expect(await ending(enrolling(practice, stateFolder))).toBe(0);
  await endsWellOnTheNextRun(practice, stateFolder);
}, 30_000);
