/** The operator on this machine proves itself with the token in the state folder. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BucketShelf } from '#apps/broker/src/access/token-bucket.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const FAILURES = { atOnce: 10, perSecond: 0.2 };

@Injectable()
export class OperatorDoor {
  private readonly expected: Buffer;
  private readonly failures = new BucketShelf();

  constructor(
    config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    this.expected = digest(`Bearer ${config.operatorToken.reveal()}`);
  }

  /** @throws ConduitError OPERATOR_TOKEN_INVALID, or RATE_LIMITED after too many wrong ones */
  admit(authorization: string | undefined, address: string): void {
    // Digests have one length, so the comparison tells nothing about the token's.
    if (timingSafeEqual(digest(authorization ?? ''), this.expected)) return;
    const state = this.failures.take(
      address,
      FAILURES.atOnce,
      FAILURES.perSecond,
      this.clock.now(),
    );
    if (state.allowed) throw new ConduitError('OPERATOR_TOKEN_INVALID');
    throw new ConduitError('RATE_LIMITED', {
      facts: { retryAfterMs: Math.ceil(state.retryAfterMs) },
    });
  }
}
