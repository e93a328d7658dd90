import { describe, expect, test } from '@jest/globals';
import { oneByOne, Turns } from '#libs/kernel/turns.js';

const KINDS = [
  ['one line', () => oneByOne()],
  [
    'one key',
    () => {
      const turns = new Turns();
      return <T>(work: () => Promise<T>) => turns.take('site', work);
    },
  ],
] as const;

describe.each(KINDS)('Work of %s', (_kind, lineOf) => {
  test('runs in the order in which it was taken, never two at once', async () => {
    const take = lineOf();
    const seen: string[] = [];
    const piece = (name: string, steps: number) => () =>
      (async () => {
        seen.push(`${name} begins`);
        for (let step = 0; step < steps; step++) await Promise.resolve();
        seen.push(`${name} ends`);
        return name;
      })();

    const answers = await Promise.all([take(piece('slow', 9)), take(piece('quick', 1))]);

    expect(answers).toEqual(['slow', 'quick']);
    expect(seen).toEqual(['slow begins', 'slow ends', 'quick begins', 'quick ends']);
  });

  test('goes on after a piece that failed, which says so to its own caller alone', async () => {
    const take = lineOf();

    const answers = await Promise.allSettled([
      take(() => Promise.reject(new Error('the first'))),
      take(() => Promise.resolve('the second')),
    ]);

    expect(answers).toEqual([
      { status: 'rejected', reason: new Error('the first') },
      { status: 'fulfilled', value: 'the second' },
    ]);
  });
});

describe('Turns', () => {
  test('of two keys do not wait for each other', async () => {
    const turns = new Turns();
    let end = (): void => undefined;
    const long = turns.take('one', () => new Promise<void>((resolve) => (end = resolve)));

    await expect(turns.take('other', () => Promise.resolve('done'))).resolves.toBe('done');

    end();
    await long;
  });

  test('forget a key when its last piece is over, and no sooner', async () => {
    const turns = new Turns();
    const first = turns.take('site', () => Promise.reject(new Error('gone')));
    let isSecondOver = false;
    const second = turns.take('site', async () => {
      for (let step = 0; step < 9; step++) await Promise.resolve();
      isSecondOver = true;
    });

    await expect(first).rejects.toThrow('gone');
    expect([turns.size, isSecondOver]).toEqual([1, false]);
    await second;
    await Promise.resolve();
    await Promise.resolve();

    expect(turns.size).toBe(0);
  });
});
