import { setTimeout as pause } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import {
  RedeemPairingCode,
  type MadeAccessRequest,
  type PairingAttempt,
} from '#apps/broker/src/grants/redeem-pairing-code.js';
import { WrongTries, wrongTryLimits } from '#apps/broker/src/grants/wrong-tries.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/**
 * Lets pairing codes be tried: an integrator that keeps guessing waits; when many guess together
 * the operator is told and each try takes longer, but the honest still get through.
 */
@Injectable()
export class PairingDoor {
  private readonly wrongTries: WrongTries;
  private toldAtMs = -Infinity;

  constructor(
    private readonly redeem: RedeemPairingCode,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {
    this.wrongTries = new WrongTries(clock);
  }

  /** @throws ConduitError as RedeemPairingCode; RATE_LIMITED after too many wrong tries */
  async execute(attempt: PairingAttempt): Promise<MadeAccessRequest> {
    const { integratorId } = attempt;
    const retryAfterMs = this.wrongTries.begin(integratorId);
    if (retryAfterMs > 0) throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs } });
    try {
      await this.slowDown();
      const made = await this.redeem.execute(attempt);
      this.wrongTries.takeBack(integratorId);
      return made;
    } catch (error) {
      if (toConduitError(error).code !== 'PAIRING_CODE_INVALID') {
        this.wrongTries.takeBack(integratorId);
      }
      throw error;
    }
  }

  private async slowDown(): Promise<void> {
    const wrongTries = this.wrongTries.altogether();
    if (wrongTries <= wrongTryLimits.altogether) return;
    const nowMs = this.clock.now();
    if (nowMs - this.toldAtMs >= wrongTryLimits.windowMs) {
      this.toldAtMs = nowMs;
      this.log.write('pairing.guessed', { wrongTries });
    }
    await pause(wrongTryLimits.pauseMs);
  }
}
