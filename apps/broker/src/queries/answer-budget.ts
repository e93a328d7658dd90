/**
 * The bytes of answers in one piece that this node holds, from the agent's first byte until the
 * caller has the last. While they are too many no new query of that kind is begun, so that nothing
 * has run when it is refused; those under way wait their turn, oldest first. So the node holds at most
 * the budget and one answer more. No integrator gets more than a share of it while others want some.
 */
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const RETRY_MS = 1_000;

/** What one integrator may hold: a quarter, and never less than two of the largest answers. */
const SHARES = 4;
const LEAST_SHARE_BYTES = 16 * 1024 * 1024;

/** What one integrator holds. */
interface Share {
  usedBytes: number;
  /** Oldest first. */
  answers: Set<HeldAnswer>;
}

@Injectable()
export class AnswerBudget {
  private readonly maxBytes: number;
  private readonly shareBytes: number;
  private usedBytes = 0;
  /** Oldest first. */
  private readonly answers = new Set<HeldAnswer>();
  private readonly shares = new Map<string, Share>();

  constructor({ maxWholeAnswerBytes }: BrokerConfig) {
    this.maxBytes = maxWholeAnswerBytes;
    this.shareBytes = Math.max(maxWholeAnswerBytes / SHARES, LEAST_SHARE_BYTES);
  }

  get heldBytes(): number {
    return this.usedBytes;
  }

  /**
   * When nothing of the query has been begun.
   * @throws ConduitError RATE_LIMITED when this integrator holds its share, BROKER_BUSY when all do
   */
  open(integratorId: string): HeldAnswer {
    const facts = { retryAfterMs: RETRY_MS };
    const share = this.shares.get(integratorId) ?? { usedBytes: 0, answers: new Set() };
    if (share.usedBytes >= this.shareBytes) throw new ConduitError('RATE_LIMITED', { facts });
    if (this.usedBytes >= this.maxBytes) throw new ConduitError('BROKER_BUSY', { facts });
    this.shares.set(integratorId, share);
    const answer: HeldAnswer = new HeldAnswer(
      (bytes) => {
        this.usedBytes += bytes;
        share.usedBytes += bytes;
      },
      () => this.mayGoOn(answer, share),
      () => this.forget(answer, share, integratorId),
    );
    this.answers.add(answer);
    share.answers.add(answer);
    return answer;
  }

  /** The oldest of all is the oldest of its integrator too: somebody can always go on. */
  private mayGoOn(answer: HeldAnswer, share: Share): boolean {
    return (
      (this.usedBytes <= this.maxBytes || oldest(this.answers) === answer) &&
      (share.usedBytes <= this.shareBytes || oldest(share.answers) === answer)
    );
  }

  private forget(answer: HeldAnswer, share: Share, integratorId: string): void {
    this.answers.delete(answer);
    share.answers.delete(answer);
    if (share.answers.size === 0) this.shares.delete(integratorId);
    for (const other of this.answers) other.look();
  }
}

const oldest = (answers: Set<HeldAnswer>): HeldAnswer | undefined => answers.values().next().value;

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
