/**
 * Which keys of one site are on their way, and whose turn it is: two requests under one key run one
 * after the other, also where a statement lets go of its row in the journal before it has ended.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';

export class KeyTurns {
  private readonly expected = new Map<string, number>();
  private readonly last = new Map<string, Promise<void>>();

  /** Whether a request under the key is here, running or waiting. */
  has(keyHash: Buffer): boolean {
    return this.expected.has(keyHash.toString('hex'));
  }

  /** A request under the key has come. @returns says that it is gone */
  expect(keyHash: Buffer): () => void {
    const key = keyHash.toString('hex');
    this.expected.set(key, (this.expected.get(key) ?? 0) + 1);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      const left = (this.expected.get(key) ?? 1) - 1;
      if (left === 0) this.expected.delete(key);
      else this.expected.set(key, left);
    };
  }

  /**
   * Waits until every earlier request under the key has ended.
   * @returns ends this one's turn
   * @throws ConduitError WRITE_IN_PROGRESS after `mostMs`
   */
  async take(keyHash: Buffer, mostMs: number): Promise<() => void> {
    const key = keyHash.toString('hex');
    const before = this.last.get(key);
    let end = (): void => {};
    const own = new Promise<void>((resolve) => (end = resolve));
    const turn = (before ?? Promise.resolve()).then(() => own);
    this.last.set(key, turn);
    void turn.then(() => {
      if (this.last.get(key) === turn) this.last.delete(key);
    });
    if (before === undefined) return end;
    const isFree = await within(before, mostMs);
    if (isFree) return end;
    end();
    throw new ConduitError('WRITE_IN_PROGRESS');
  }
}

function within(turn: Promise<void>, mostMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), mostMs);
    void turn.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
