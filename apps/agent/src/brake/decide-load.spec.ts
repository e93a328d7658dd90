import { describe, expect, test } from '@jest/globals';
import {
  atRest,
  decideLoad,
  type LoadDecision,
  type LoadSample,
} from '#apps/agent/src/brake/decide-load.js';

const fine: LoadSample = { latencyMs: 2, usualMs: 2, blocked: 0 };
const slow: LoadSample = { ...fine, latencyMs: 150 };
const blocking: LoadSample = { ...fine, blocked: 1 };
const between: LoadSample = { ...fine, latencyMs: 80 };
const silent: LoadSample = { usualMs: 2 };

const after = (looks: LoadSample[], from: LoadDecision = atRest): LoadDecision =>
  looks.reduce(decideLoad, from);
const times = (count: number, look: LoadSample): LoadSample[] => Array(count).fill(look);
const held = (): LoadDecision => after(times(4, slow));

describe('the load of a database server', () => {
  test.each([
    ['is slow', slow, 'slow'],
    ['does not answer', silent, 'slow'],
    ['has others wait for ours', blocking, 'blocking'],
  ] as const)(
    'holds async, then registered, when it %s at two looks in a row each',
    (_, look, cause) => {
      expect(after(times(1, look)).load).toBe('normal');
      expect(after(times(2, look))).toMatchObject({ load: 'asyncPaused', cause });
      expect(after(times(3, look)).load).toBe('asyncPaused');
      expect(after(times(4, look))).toMatchObject({ load: 'backgroundPaused', cause });
      expect(after(times(40, look)).load).toBe('backgroundPaused');
    },
  );

  test('is not judged by a single look', () => {
    expect(after([slow, fine, blocking, fine, slow, fine]).load).toBe('normal');
  });

  test('lets go one lane after three good looks in a row, and the next after three more', () => {
    expect(after(times(2, fine), held()).load).toBe('backgroundPaused');
    expect(after(times(3, fine), held()).load).toBe('asyncPaused');
    expect(after(times(5, fine), held()).load).toBe('asyncPaused');
    expect(after(times(6, fine), held())).toEqual(atRest);
  });

  test('changes nothing for looks that are neither good nor bad, and begins to count anew', () => {
    expect(after(times(50, between), held()).load).toBe('backgroundPaused');
    expect(after([fine, fine, between, fine, fine], held()).load).toBe('backgroundPaused');
    expect(after(times(50, between)).load).toBe('normal');
    expect(after([slow, between, slow]).load).toBe('normal');
  });

  test('holds again at once when letting go was too early', () => {
    expect(after([...times(3, fine), ...times(2, slow)], held()).load).toBe('backgroundPaused');
  });

  test('is measured against what is usual there', () => {
    const far = { latencyMs: 400, usualMs: 120, blocked: 0 };
    expect(after(times(10, far)).load).toBe('normal');
    expect(after(times(2, { ...far, latencyMs: 600 })).load).toBe('asyncPaused');
    // A few milliseconds are never a burden, however quick the server usually is.
    expect(after(times(10, { latencyMs: 90, usualMs: 0.2, blocked: 0 })).load).toBe('normal');
  });

  test('is judged by its speed alone where nobody may see who waits', () => {
    expect(after(times(10, { latencyMs: 2, usualMs: 2 })).load).toBe('normal');
  });
});
