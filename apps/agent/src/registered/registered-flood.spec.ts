/** Ten times as many registered queries as one agent holds, brought by a broker that does not count. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { registeredLimits } from '#libs/contracts/registered.js';
import { aSiteId, RegisteredScene } from '#apps/agent/src/registered/registered.fixture.js';
import { HandMovedTimeline } from '#apps/agent/src/registered/timeline.fixture.js';
import { until } from '#test/support/settle.js';

const BROUGHT = 10_000;
const MINUTE_MS = 60_000;

let timeline: HandMovedTimeline;
let scene: RegisteredScene;

beforeEach(async () => {
  timeline = new HandMovedTimeline();
  scene = await RegisteredScene.open(timeline);
});
afterEach(() => scene.close());

/** Ids of those that have a folder on the disk. */
const foldersOf = (): string[] =>
  readdirSync(join(scene.folder, 'registered'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();

test('ten thousand: a thousand are held and go on, the others are refused and leave nothing', async () => {
  const { perAgent } = registeredLimits;
  const held: string[] = [];
  for (let n = 0; n < perAgent; n += 1) held.push(await scene.put());
  const bytes = scene.shelf.folder.bytes;
  const began = performance.now();
  const refused = new Set<unknown>();
  for (let n = perAgent; n < BROUGHT; n += 1)
    await scene.put().catch(({ code, facts }: { code: string; facts: object }) => {
      refused.add(`${code} ${JSON.stringify(facts)}`);
    });
  expect([...refused]).toEqual([`REGISTERED_LIMIT {"limit":${perAgent},"reason":"agent"}`]);
  expect(performance.now() - began).toBeLessThan(30_000);
  expect(foldersOf()).toEqual([...held].sort());
  expect(scene.shelf.folder.bytes).toBe(bytes);
  // A definition and a request each.
  expect(bytes).toBeLessThan(perAgent * 4_096);
  await scene.restart();
  expect(
    scene.shelf
      .all()
      .map(({ definition }) => definition.registeredId)
      .sort(),
  ).toEqual([...held].sort());
  // Renewed and ended as ever, and what is free is given out again.
  const [first = '', second = ''] = held;
  await scene.queries.put(scene.metaOf(first, { revision: 2 }), Buffer.alloc(0));
  expect(scene.shelf.find(first)?.definition).toMatchObject({ revision: 2, siteId: aSiteId });
  await scene.queries.end(second);
  await scene.put();
  expect(scene.queries.count).toBe(perAgent);
  await timeline.pass(MINUTE_MS);
  await until(() => scene.asked.length > 0);
}, 90_000);
