import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TokenBucket } from '#apps/broker/src/access/token-bucket.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';
import { Authority } from '#libs/pki/authority.js';

const LIFE_MS = 120_000;
const NONCE_BYTES = 16;
const TIME_BYTES = 6;
const MAC_BYTES = 32;

/** Proofs this node checks at once, and each second for ever: what strangers together may cost it. */
export const PROOFS = { atOnce: 400, perSecond: 100 };

export type ChallengePurpose = 'enrolment' | 'recovery';

/**
 * Numbers that the broker picks and an agent signs. They carry their own expiry and MAC instead of
 * being remembered: any node can check what another gave out, and asking for many costs nothing.
 * A replay within the two minutes is caught where it matters: a code is used once, a TLS key once.
 */
@Injectable()
export class Challenges {
  readonly lifeMs = LIFE_MS;
  private readonly key: Buffer;
  private readonly proofs: TokenBucket;

  constructor(
    authority: Authority,
    private readonly clock: Clock,
  ) {
    this.key = authority.deriveKey('conduit-challenge-v1');
    this.proofs = new TokenBucket(PROOFS.atOnce, PROOFS.perSecond, clock.now());
  }

  issue(purpose: ChallengePurpose): string {
    const expiry = Buffer.alloc(TIME_BYTES);
    expiry.writeUIntBE(this.clock.now() + LIFE_MS, 0, TIME_BYTES);
    const content = Buffer.concat([randomBytes(NONCE_BYTES), expiry]);
    return Buffer.concat([content, this.mac(purpose, content)]).toString('base64url');
  }

  /**
   * Whether a proof over this challenge may be checked: it is one of ours and still fresh.
   * @throws ConduitError RATE_LIMITED when strangers have had this node check too many
   */
  admit(purpose: ChallengePurpose, challenge: string): boolean {
    if (!this.isGood(purpose, challenge)) return false;
    const { allowed, retryAfterMs } = this.proofs.take(this.clock.now());
    if (allowed) return true;
    throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: Math.ceil(retryAfterMs) } });
  }

  private isGood(purpose: ChallengePurpose, challenge: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== NONCE_BYTES + TIME_BYTES + MAC_BYTES) return false;
    const content = bytes.subarray(0, -MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(-MAC_BYTES), this.mac(purpose, content))) return false;
    return content.readUIntBE(NONCE_BYTES, TIME_BYTES) > this.clock.now();
  }

  private mac(purpose: ChallengePurpose, content: Buffer): Buffer {
    return createHmac('sha256', this.key).update(`${purpose}:`).update(content).digest();
  }
}
