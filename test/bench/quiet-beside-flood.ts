/**
 * P6: the p99 of an integrator that asks now and then, beside one that asks as fast as it can at the
 * same site, over its p99 alone; for each kind of query that one may flood with, and for one that asks
 * async queries itself. Limits are the product's own; a statement takes 10 ms.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { queryTarget, startBenchConduit } from '#test/bench/bench-conduit.js';
import { Flooder } from '#test/bench/flooder.js';
import { load, quantile } from '#test/bench/load.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const roundMs = 8_000;
const pauseMs = 20;
/**
 * Each look counts against the rate of its key, which allows some ten async queries a second. A flood
 * begins with its burst, in which three of them are slow: of 200 they would be the p99, of 600 they are what
 * they are, the worst half second of a minute.
 */
const asyncRoundMs = 60_000;
const asyncPauseMs = 70;
const lookMs = 20;
const command = { text: "SELECT 'takes 10 ms' AS filler" };
const query = JSON.stringify({ command });
const registered = JSON.stringify({
  ...{ name: 'Zz flood', registeredQueryType: 'query', frequency: 60, duration: 3_600 },
  registerCommand: { command },
});

interface Flood {
  /** Below the site's queries. */
  path: string;
  body: string;
  /** Waits until nothing of it is left, so that the quiet one is alone again. */
  settle: (test: TestConduit, key: string) => Promise<void>;
}

const floods = {
  immediate: { path: '/immediate', body: query, settle: () => Promise.resolve() },
  async: { path: '/async', body: query, settle: untilOvertaken },
  registered: { path: '/registered', body: registered, settle: cancelAll },
} satisfies Record<string, Flood>;

/** Queries of one integrator run in their order: the last of them is done when this one is. */
async function untilOvertaken(test: TestConduit, key: string): Promise<void> {
  for (;;) {
    const options = { key, body: { command } };
    const { status, body } = await test.call('POST', `${test.queriesPath}/async`, options);
    if (status === 201) return untilSuccessful(test, (body as { id: string }).id, key);
    await delay(500);
  }
}

async function cancelAll(test: TestConduit, key: string): Promise<void> {
  const path = `${test.queriesPath}/registered`;
  for (;;) {
    const { status, body } = await test.call('GET', path, { key });
    const { registeredQueries = [] } = body as { registeredQueries?: Listed[] };
    const running = registeredQueries.filter((one) => one.status === 'enabled');
    if (status === 200 && running.length === 0) return;
    for (const { id } of running) await test.call('DELETE', `${path}/${id}`, { key });
    // Its own key's rate holds it back here too.
    await delay(500);
  }
}

interface Listed {
  id: string;
  status: string;
}

async function untilSuccessful(test: TestConduit, id: string, key?: string): Promise<void> {
  for (;;) {
    const answer = await test.call('GET', `${test.queriesPath}/${id}`, { ...(key && { key }) });
    if (answer.status === 429 && !key) throw new Error('the quiet integrator was refused');
    const { status } = answer.body as { status?: string };
    if (status === 'successful') return;
    if (/Failed|expired/.test(status ?? '')) throw new Error('an async query did not succeed');
    await delay(lookMs);
  }
}

type Quiet = (test: TestConduit) => Promise<number>;

async function immediateP99(test: TestConduit): Promise<number> {
  const wishes = { concurrency: 1, durationMs: roundMs, pauseMs };
  const result = await load(queryTarget(test, query), wishes);
  if (result.refused > 0) throw new Error('the quiet integrator was refused');
  return result.p99;
}

/** From its submit until its owner reads that it was successful. */
async function asyncP99(test: TestConduit): Promise<number> {
  const times: number[] = [];
  const began = performance.now();
  while (performance.now() - began < asyncRoundMs) {
    const sent = performance.now();
    const options = { body: { command } };
    const { status, body } = await test.call('POST', `${test.queriesPath}/async`, options);
    if (status !== 201) throw new Error('the quiet integrator was refused');
    await untilSuccessful(test, (body as { id: string }).id);
    times.push(performance.now() - sent);
    await delay(asyncPauseMs);
  }
  return quantile(times, 0.99);
}

function beside(id: string, title: string, flood: Flood, quiet: Quiet): Scenario {
  return {
    id,
    title,
    bar: '<= 1.5 of its p99 alone',
    holds: (figure) => figure <= 1.5,
    async measure(rounds) {
      const test = await startBenchConduit({}, { scripted: true, limits: 'own' });
      const flooder = await Flooder.of(test, flood.path, flood.body);
      const flooded = async (): Promise<number> => {
        const p99 = await flooder.during(() => quiet(test));
        await flood.settle(test, flooder.key);
        return p99;
      };
      try {
        const p99 = await interleave(rounds, flooded, () => quiet(test));
        return {
          figure: p99.product / p99.floor,
          unit: 'ratio',
          product: `${p99.product.toFixed(1)} ms (flooder: ${flooder.served} served, ${flooder.refused} refused)`,
          floor: `${p99.floor.toFixed(1)} ms`,
        };
      } finally {
        await flooder.stop();
        await test.stop();
      }
    },
  };
}

const who = 'p99 of a quiet integrator';
const where = 'at the same site, 64 at once';

export const quietBesideFlood: Scenario[] = [
  beside('P6', `${who} beside one that floods ${where}`, floods.immediate, immediateP99),
  beside('P6a', `${who} beside one that submits async ${where}`, floods.async, immediateP99),
  beside('P6b', `${who} beside one that registers ${where}`, floods.registered, immediateP99),
  beside('P6c', `${who}'s async query beside async ones ${where}`, floods.async, asyncP99),
];
