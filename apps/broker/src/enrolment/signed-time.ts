import { Injectable } from '@nestjs/common';
import { TokenBucket } from '#apps/broker/src/access/token-bucket.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import type { TimeAnswer } from '#libs/contracts/enrolment.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { timeTranscript } from '#libs/pki/enrolment-proof.js';

/** Signatures of the time at once, and each second for ever, for all who ask. */
const SIGNATURES = { atOnce: 200, perSecond: 50 };

/**
 * The broker's time, signed by a key that the device CA certified: an agent whose clock is wrong
 * can't verify TLS by dates, but it can verify this.
 */
@Injectable()
export class SignedTime {
  private readonly signatures: TokenBucket;

  constructor(
    private readonly identity: ServerIdentity,
    private readonly clock: Clock,
  ) {
    this.signatures = new TokenBucket(SIGNATURES.atOnce, SIGNATURES.perSecond, clock.now());
  }

  /** PEM of the device CA. */
  get authority(): string {
    return this.identity.current.authority;
  }

  /**
   * @param nonce chosen by the asker; signed with the time
   * @throws ConduitError RATE_LIMITED when all askers together are too many
   */
  async answer(nonce: string): Promise<TimeAnswer> {
    const timeMs = this.clock.now();
    const { allowed, retryAfterMs } = this.signatures.take(timeMs);
    if (!allowed) {
      throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: Math.ceil(retryAfterMs) } });
    }
    const credentials = this.identity.current;
    const { certificate, authority } = credentials;
    const signature = await credentials.sign(timeTranscript(nonce, timeMs));
    return { nonce, timeMs, certificate, authority, signature: signature.toString('base64url') };
  }
}
