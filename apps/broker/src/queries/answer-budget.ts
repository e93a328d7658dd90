/**
 * The bytes of answers in one piece that this node holds, from the agent's first byte until the
 * caller has the last. While they are too many no new query of that kind is begun, so that nothing
 * has run when it is refused; those under way wait their turn, oldest first. So the node holds at most
 * the budget and one answer more.
 */
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const RETRY_MS = 1_000;

@Injectable()
export class AnswerBudget {
  private readonly maxBytes: number;
  private usedBytes = 0;
  /** Oldest first. */
  private readonly answers = new Set<HeldAnswer>();

  constructor({ maxWholeAnswerBytes }: BrokerConfig) {
    this.maxBytes = maxWholeAnswerBytes;
  }

  get heldBytes(): number {
    return this.usedBytes;
  }

  /** @throws ConduitError BROKER_BUSY, when nothing of the query has been begun */
  open(): HeldAnswer {
    if (this.usedBytes >= this.maxBytes) {
      throw new ConduitError('BROKER_BUSY', { facts: { retryAfterMs: RETRY_MS } });
    }
    const answer: HeldAnswer = new HeldAnswer(
      (bytes) => (this.usedBytes += bytes),
      () => this.usedBytes <= this.maxBytes || this.answers.values().next().value === answer,
      () => this.forget(answer),
    );
    this.answers.add(answer);
    return answer;
  }

  private forget(answer: HeldAnswer): void {
    this.answers.delete(answer);
    for (const other of this.answers) other.look();
  }
}

/** What one answer holds. */
export class HeldAnswer {
  private bytes = 0;
  private isReleased = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly count: (bytes: number) => void,
    private readonly mayGoOn: () => boolean,
    private readonly forget: () => void,
  ) {}

  /** Counts bytes that were taken. A promise means: take the next ones when it resolves. */
  add(bytes: number): Promise<void> | undefined {
    if (this.isReleased) return undefined;
    this.bytes += bytes;
    this.count(bytes);
    if (this.mayGoOn()) return undefined;
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** Goes on if it may by now. */
  look(): void {
    if (!this.wake || !(this.isReleased || this.mayGoOn())) return;
    this.wake();
    this.wake = undefined;
  }

  /** To be called when nobody needs the bytes any more; again is harmless. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.count(-this.bytes);
    this.look();
    this.forget();
  }
}
