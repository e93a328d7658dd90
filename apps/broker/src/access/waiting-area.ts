import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ConduitError } from '#libs/errors/conduit-error.js';

/** Spread, so that those who were refused together don't all come back in the same instant. */
const REFUSED_AFTER_MS = { least: 500, most: 1_000 };
/** Each costs a timer and an open request. */
const MOST_WAITING = 5_000;

/**
 * Where requests beyond a key's rate sit before they are refused: one that asks again at each answer
 * would otherwise take the node's time from everybody by being told no as fast as it can ask.
 */
@Injectable()
export class WaitingArea {
  private waiting = 0;

  /** Rejects with the refusal, later; at once when the area is full. */
  async refuse(refusal: ConduitError): Promise<never> {
    if (this.waiting >= MOST_WAITING) throw refusal;
    this.waiting += 1;
    const { least, most } = REFUSED_AFTER_MS;
    await new Promise((resolve) => setTimeout(resolve, randomInt(least, most)).unref());
    this.waiting -= 1;
    throw refusal;
  }
}
