import { describe, expect, test } from '@jest/globals';
import { verdicts } from '#libs/console-api/incidents.js';
import { drillParts } from '#libs/incidents/drill-pack.js';
import { drillWorld } from '#libs/incidents/drill-records.js';
import { drillTruth } from '#libs/incidents/drill-truth.js';
import { packContent, partsOfPractice, sealPack } from '#libs/incidents/pack-content.js';
import { sumOf } from '#libs/incidents/pack-counts.js';

const seeds = [0, 1, 2, 3, 7, 42, 1_000, 65_537, 2 ** 31, 2 ** 32 - 1];
const partsOf = (seed: number) => drillParts(drillWorld(seed), 'zz-incident');

describe('a drill', () => {
  test.each(seeds)(
    'of seed %i has a pack that equals its ground truth to the letter',
    async (seed) => {
      const world = drillWorld(seed);
      const content = packContent(await drillParts(world, 'zz-incident'));
      const truth = drillTruth(world, 'zz-incident');
      expect(content).toEqual(truth);
      expect(sealPack(content)).toEqual(sealPack(truth));
    },
  );

  test('has queries of every verdict, and agents that are away, cut short and whole', () => {
    const worlds = seeds.map((seed) => drillTruth(drillWorld(seed), 'zz-incident'));
    const { verdicts: met } = sumOf(worlds.map(({ totals }) => totals));
    expect(verdicts.filter((verdict) => met[verdict] === 0)).toEqual([]);
    const states = new Set(worlds.flatMap(({ agents }) => agents.map(({ state }) => state)));
    expect([...states].sort()).toEqual(['away', 'compared', 'in-part']);
    expect(worlds.some(({ scope }) => scope.keys.length > 0)).toBe(true);
  });

  test('is another with another seed', () => {
    const hashes = seeds.map((seed) => sealPack(drillTruth(drillWorld(seed), 'zz-incident')).hash);
    expect(new Set(hashes).size).toBe(seeds.length);
  });
});

describe('a pack', () => {
  test('is the same in whatever order its parts came', async () => {
    const parts = await partsOf(7);
    const turned = {
      ...parts,
      agents: parts.agents.toReversed(),
      lines: parts.lines.toReversed(),
      mismatches: parts.mismatches.toReversed(),
      acts: parts.acts.toReversed(),
    };
    expect(sealPack(packContent(turned))).toEqual(sealPack(packContent(parts)));
  });

  test('changes nothing of the parts it is made of', async () => {
    const parts = await partsOf(7);
    const before = structuredClone(parts);
    packContent(parts);
    packContent(parts);
    expect(parts).toEqual(before);
  });

  test('is the sum of its practices’ parts, each with nobody else in it', async () => {
    const parts = await partsOf(42);
    const whole = packContent(parts);
    const own = whole.practices.map(({ id }) => packContent(partsOfPractice(parts, id)));
    expect(sumOf(own.map(({ totals }) => totals))).toEqual(whole.totals);
    for (const [at, one] of own.entries()) {
      const id = whole.practices[at]?.id ?? '';
      const others = whole.practices.map((practice) => practice.id).filter((other) => other !== id);
      expect(others.filter((other) => JSON.stringify(one).includes(other))).toEqual([]);
    }
  });

  test('says what it does not list, and sums it up all the same', async () => {
    const parts = await partsOf(1);
    const [line] = parts.lines;
    if (!line) throw new Error('no line');
    const lines = Array.from({ length: 20_001 }, (_, at) => ({ ...line, siteId: `site-${at}` }));
    const { cut, lines: listed, totals } = packContent({ ...parts, lines });
    expect(cut).toEqual([
      { reason: 'too-many-lines', words: expect.stringContaining('20001 lines') },
    ]);
    expect(listed).toHaveLength(20_000);
    expect(totals.queries).toBe(20_001 * line.counts.queries);
  });
});
