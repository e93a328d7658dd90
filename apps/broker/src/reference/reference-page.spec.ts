import { expect, test } from '@jest/globals';
import { referencePage } from '#apps/broker/src/reference/reference-page.js';

const page = referencePage();
const all = (pattern: RegExp): string[] =>
  [...page.matchAll(pattern)].map(([, found = '']) => found);

test('every link within the page leads somewhere, and to one place only', () => {
  const ids = all(/ id="([^"]+)"/g);
  expect(new Set(ids).size).toBe(ids.length);
  const links = all(/href="#([^"]+)"/g);
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('headings step down one level at a time, from one title', () => {
  const levels = all(/<h(\d)/g).map(Number);
  expect(levels.filter((level) => level === 1)).toEqual([1]);
  expect(levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1)).toBe(true);
});

test('whatever scrolls sideways can be reached by keyboard and has a name', () => {
  expect(all(/(<pre>)/g).length).toBeGreaterThan(20);
  const boxes = all(/<div class="scrolling"([^>]*)><(?:pre|table)/g);
  expect(boxes).toHaveLength(all(/<(pre|table)>/g).length);
  for (const box of boxes) expect(box).toMatch(/role="region" aria-label="[^"]+" tabindex="0"/);
});
