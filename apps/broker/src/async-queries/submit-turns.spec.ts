import { describe, expect, test } from '@jest/globals';
import { SubmitTurns } from '#apps/broker/src/async-queries/submit-turns.js';

/** Submits that end when they are told to. */
class Submits {
  now = 0;
  readonly turns = new SubmitTurns(() => this.now);
  readonly began: string[] = [];
  private readonly ends: (() => void)[] = [];

  send(integratorId: string, name: string, failure?: Error): Promise<string> {
    return this.turns.run(integratorId, async () => {
      this.began.push(name);
      await new Promise<void>((resolve) => this.ends.push(resolve));
      if (failure) throw failure;
      return name;
    });
  }

  sendAndEnd(integratorId: string): Promise<string> {
    const sent = this.send(integratorId, integratorId);
    this.endFirst();
    return sent;
  }

  endFirst(): void {
    this.ends.shift()?.();
  }
}

describe('turns of submits', () => {
  test('has sixteen of an integrator in the making, the others behind them in their order', async () => {
    const submits = new Submits();
    const all = Array.from({ length: 20 }, (_, n) => submits.send('flood', `flood ${n}`));
    expect(submits.began).toHaveLength(16);
    submits.endFirst();
    expect(await all[0]).toBe('flood 0');
    expect(submits.began.slice(16)).toEqual(['flood 16']);
    for (let n = 1; n < 20; n += 1) {
      submits.endFirst();
      await all[n];
    }
    expect(submits.began).toEqual(Array.from({ length: 20 }, (_, n) => `flood ${n}`));
  });

  test('lets another integrator pass at once', () => {
    const submits = new Submits();
    for (let n = 0; n < 100; n += 1) void submits.send('flood', 'flood');
    void submits.send('quiet', 'quiet');
    expect(submits.began.at(-1)).toBe('quiet');
  });

  test('has two in the making while others submit too, and sixteen again a second after', async () => {
    const submits = new Submits();
    await submits.sendAndEnd('quiet');
    const flood = Array.from({ length: 40 }, (_, n) => submits.send('flood', `flood ${n}`));
    expect(submits.began).toHaveLength(1 + 2);
    submits.endFirst();
    await flood[0];
    expect(submits.began).toHaveLength(1 + 3);
    submits.now += 1_001;
    submits.endFirst();
    await flood[1];
    expect(submits.began).toHaveLength(1 + 2 + 16);
  });

  test('slows down who is many ahead as soon as another comes', async () => {
    const submits = new Submits();
    const flood = Array.from({ length: 40 }, (_, n) => submits.send('flood', `flood ${n}`));
    const quiet = submits.send('quiet', 'quiet');
    for (const each of flood.slice(0, 14)) {
      submits.endFirst();
      await each;
    }
    expect(submits.began).toHaveLength(16 + 1);
    submits.endFirst();
    await flood[14];
    expect(submits.began).toHaveLength(16 + 2);
    submits.endFirst();
    await flood[15];
    submits.endFirst();
    await expect(quiet).resolves.toBe('quiet');
  });

  test('goes on after one that fails', async () => {
    const submits = new Submits();
    const failure = new Error('no room');
    const failing = submits.send('flood', 'fails', failure);
    const rest = Array.from({ length: 16 }, (_, n) => submits.send('flood', `flood ${n}`));
    submits.endFirst();
    await expect(failing).rejects.toBe(failure);
    expect(submits.began).toHaveLength(17);
    for (const each of rest) {
      submits.endFirst();
      await each;
    }
  });
});
