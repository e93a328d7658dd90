import { Injectable } from '@nestjs/common';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';
import type { TimeAnswer } from '#libs/contracts/enrolment.js';
import { Clock } from '#libs/kernel/clock.js';
import { timeTranscript } from '#libs/pki/enrolment-proof.js';

/**
 * The broker's time, signed by a key that the device CA certified: an agent whose clock is wrong
 * can't verify TLS by dates, but it can verify this.
 */
@Injectable()
export class SignedTime {
  constructor(
    private readonly identity: ServerIdentity,
    private readonly clock: Clock,
  ) {}

  /** PEM of the device CA. */
  get authority(): string {
    return this.identity.authority;
  }

  /** @param nonce chosen by the asker; signed with the time */
  async answer(nonce: string): Promise<TimeAnswer> {
    const timeMs = this.clock.now();
    const signature = await this.identity.sign(timeTranscript(nonce, timeMs));
    const { certificate, authority } = this.identity;
    return { nonce, timeMs, certificate, authority, signature: signature.toString('base64url') };
  }
}
