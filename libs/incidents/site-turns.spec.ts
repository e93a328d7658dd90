import { expect, test } from '@jest/globals';
import { sitesToldBy, turnsOf } from '#libs/incidents/site-turns.js';

const agent = (agentId: string, enrolledMs: number) => ({ agentId, enrolledMs });
const sinceOf: Record<string, number> = { a: 1, b: 5, c: 9, d: 9 };
const held = (agentId: string) => ({ agentId, sinceMs: sinceOf[agentId] ?? 0 });
const site = (siteId: string, holders: string, knownSinceMs: number) => ({
  ...{ siteId, knownSinceMs, holders: holders.split(' ').map(held) },
});

test('a site that came with its server was no other’s before', () => {
  const agents = [agent('a', 1), agent('b', 5)];
  const sites = [site('s1', 'a', 1), site('s2', 'b', 5)];
  expect(turnsOf(agents, sites)).toEqual([
    { siteId: 's1', agentId: 'a', isSure: true },
    { siteId: 's2', agentId: 'b', isSure: true },
  ]);
  expect(sitesToldBy('a', agents, sites)).toEqual(['s1']);
});

test('servers that were enrolled one after the other have had the site one after the other', () => {
  const agents = [agent('c', 9), agent('a', 1), agent('b', 5)];
  expect(turnsOf(agents, [site('s', 'c', 1)])).toEqual([
    { siteId: 's', agentId: 'a', toMs: 5, isSure: true },
    { siteId: 's', agentId: 'b', fromMs: 5, toMs: 9, isSure: true },
    { siteId: 's', agentId: 'c', fromMs: 9, isSure: true },
  ]);
});

test('a site of a server that has others still was its own until it was taken over, and its log tells of it', () => {
  const agents = [agent('a', 1), agent('b', 5)];
  const sites = [site('s1', 'a', 1), site('s2', 'b', 1)];
  expect(turnsOf(agents, sites).slice(1)).toEqual([
    { siteId: 's2', agentId: 'a', toMs: 5, isSure: true },
    { siteId: 's2', agentId: 'b', fromMs: 5, isSure: true },
  ]);
  expect(sitesToldBy('a', agents, sites)).toEqual(['s1', 's2']);
});

test('with several that have no site any more it is not sure which one had it', () => {
  const agents = [agent('a', 1), agent('b', 2), agent('c', 9), agent('d', 9)];
  const turns = turnsOf(agents, [site('s1', 'c', 1), site('s2', 'd', 1)]);
  expect(turns.filter(({ isSure }) => !isSure).map((one) => [one.siteId, one.agentId])).toEqual([
    ...[
      ['s1', 'a'],
      ['s1', 'b'],
      ['s2', 'a'],
      ['s2', 'b'],
    ],
  ]);
});

test('what was noted needs no guess: of two former servers it is the one that had the site', () => {
  const agents = [agent('a', 1), agent('b', 5), agent('c', 9), agent('d', 9)];
  const sites = [site('s1', 'a c', 1), site('s2', 'b d', 5)];
  expect(turnsOf(agents, sites)).toEqual([
    { siteId: 's1', agentId: 'a', toMs: 9, isSure: true },
    { siteId: 's1', agentId: 'c', fromMs: 9, isSure: true },
    { siteId: 's2', agentId: 'b', toMs: 9, isSure: true },
    { siteId: 's2', agentId: 'd', fromMs: 9, isSure: true },
  ]);
  expect(sitesToldBy('a', agents, sites)).toEqual(['s1']);
});
