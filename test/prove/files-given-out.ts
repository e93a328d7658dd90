/**
 * Whatever people take out as files: receipts of the answers, activity as CSV, NDJSON and FHIR of each
 * house, exports of both logs with their proofs, and what the agent's command line tells of its own log.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ActionText } from '#libs/console-api/session.js';
import type { ConsolePerson } from '#test/console/console-person.fixture.js';
import { personAt } from '#test/console/person-at.fixture.js';
import type { Canaries } from '#test/prove/canaries.js';
import { counted, type Sink } from '#test/prove/sink.js';
import { searchFolder } from '#test/support/leak-search.js';
import type { Answer, TestConduit } from '#test/support/start-conduit.js';

const WITHIN_MS = 10_000;
const [FOUND, PENDING] = [200, 409];
const HOUR_MS = 3_600_000;
const formats = ['csv', 'ndjson', 'fhir'];

export function filesGivenOut(folder: string): Sink {
  return {
    name: 'files-given-out',
    words: 'files that people take out: receipts, activity, proofs, exports of the audit logs',
    search: async (markers) => {
      const { filesRead, ...found } = await searchFolder(folder, markers);
      return { ...found, what: counted(filesRead, 'file') };
    },
    plant: async (marker) =>
      writeFileSync(join(folder, 'planted.csv'), `when,what\nnow,"${marker.toLowerCase()}"\n`),
  };
}

/**
 * Takes all of them into the folder.
 * @returns what has no record in the audit log: a broker that is killed takes the records of its last
 * moments with it
 * @throws Error when one is refused
 */
export async function handOut(
  conduit: TestConduit,
  canaries: Canaries,
  folder: string,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const keep = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const unrecorded: string[] = [];
  const each = [...canaries.receipts].map(async ([receipt, what]) => {
    const { status, body } = await receiptOf(conduit, receipt);
    if (status !== FOUND) unrecorded.push(what);
    keep(`receipt-${receipt}.json`, JSON.stringify(body));
  });
  await Promise.all(each);
  const { practiceId } = conduit;
  const { integratorId } = conduit.integrator;
  const owner = await personAt(conduit, { role: 'practice-owner', practiceId });
  const admin = await personAt(conduit, { role: 'integrator-admin', integratorId });
  const officer = await personAt(conduit, { role: 'operator-security' });
  const houses: [ConsolePerson, string, Record<string, string>][] = [
    [owner, `/practices/${practiceId}`, { practiceId }],
    [admin, `/integrators/${integratorId}`, { integratorId }],
    [officer, '/operator', {}],
  ];
  for (const [person, path, house] of houses) {
    const name = path.split('/')[1];
    for (const format of formats) {
      const body = { format, filter: {} };
      const action = { type: 'activity.export', ...house, ...body };
      keep(`${name}-${format}`, await taken(person, `${path}/activity/export`, body, action));
    }
    keep(`${name}-activity`, await (await person.call('GET', `${path}/activity`)).text());
    if (person === officer) continue;
    const now = Date.now();
    const span = { from: iso(now - HOUR_MS), to: iso(now) };
    const action = { type: 'proofs.export', ...house, ...span };
    keep(`${name}-proofs`, await taken(person, `${path}/proofs/export`, span, action));
  }
  await handOutOfAgent(conduit, folder);
  return unrecorded;
}

const iso = (ms: number): string => new Date(ms).toISOString();

async function receiptOf(conduit: TestConduit, receipt: string): Promise<Answer> {
  const path = `/integrator/receipts/${receipt}`;
  const untilMs = Date.now() + WITHIN_MS;
  for (;;) {
    const answer = await conduit.call('GET', path);
    // Its record comes into the log a moment after the answer.
    if (answer.status !== PENDING || Date.now() > untilMs) return answer;
    await delay(200);
  }
}

async function taken(
  person: ConsolePerson,
  path: string,
  body: object,
  action: ActionText,
): Promise<string> {
  const stepUp = await person.stepUp(action);
  const response = await person.call('POST', path, { ...body, stepUp });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text}`);
  return text;
}

async function handOutOfAgent(conduit: TestConduit, folder: string): Promise<void> {
  const kept: Record<string, string[]> = {
    lines: ['list', '--since', '1d', '--limit', '10000'],
    verified: ['verify'],
  };
  for (const [name, words] of Object.entries(kept)) {
    const told = await conduit.agent<object>('audit', ...words);
    writeFileSync(join(folder, `agent-${name}.json`), JSON.stringify(told));
  }
  await conduit.agent('audit', 'export', '--since', '1d', '--out', join(folder, 'agent-log.json'));
}
