import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';

const MINUTE_MS = 60_000;
const page = new EventTarget();
let presence: typeof import('./presence.js');
let told: boolean[];
let stop: () => void;

const sign = (name: string) => page.dispatchEvent(new Event(name));

// The module listens to the window it finds when it is loaded.
beforeAll(async () => {
  globalThis.addEventListener = page.addEventListener.bind(page) as never;
  presence = await import('./presence.js');
  delete (globalThis as { addEventListener?: unknown }).addEventListener;
});

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  stop = presence.onAttention(() => told.push(presence.isAttended()));
  sign('keydown');
});

afterEach(() => {
  stop();
  jest.useRealTimers();
});

test('a press or a key counts for a minute, a moving pointer not at all', () => {
  expect(presence.isSomebodyThere()).toBe(true);
  jest.advanceTimersByTime(MINUTE_MS);
  sign('pointermove');
  expect(presence.isSomebodyThere()).toBe(false);
  sign('pointerdown');
  expect(presence.isSomebodyThere()).toBe(true);
});

test('a page is attended until five minutes after the last sign, and again with the next', () => {
  jest.advanceTimersByTime(4 * MINUTE_MS);
  sign('scroll');
  jest.advanceTimersByTime(5 * MINUTE_MS - 1);
  expect(presence.isAttended()).toBe(true);
  jest.advanceTimersByTime(1);
  expect(presence.isAttended()).toBe(false);
  sign('focus');
  expect(presence.isAttended()).toBe(true);
  expect(told).toEqual([false, true]);
});

test('a page that begins to listen is looked at, and nothing is left behind by those that stopped', () => {
  jest.advanceTimersByTime(6 * MINUTE_MS);
  expect(presence.isAttended()).toBe(false);
  const leave = presence.onAttention(() => undefined);
  expect(presence.isAttended()).toBe(true);
  leave();
  stop();
  expect(jest.getTimerCount()).toBe(0);
});
