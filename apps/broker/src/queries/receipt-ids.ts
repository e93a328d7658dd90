/**
 * Ids of what is answered at once: UUIDs of version 7 in whose last bits a MAC stands over the rest and the
 * integrator. So every node tells whether an id whose record it has not seen yet was given out at all, and
 * to whom. Enough of a MAC for that and for nothing else: no right follows from it.
 *
 * Layout: 48 bits milliseconds since the Unix epoch ‖ version 7 ‖ 12 random bits ‖ variant ‖ 30 random
 * bits ‖ 32 bits of HMAC-SHA256.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { Clock } from '#libs/kernel/clock.js';
import { uuid7 } from '#libs/kernel/uuid7.js';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MAC_BYTES = 4;
const MAC_CHARACTERS = 8;
const KEY_BYTES = 32;

@Injectable()
export class ReceiptIds {
  private readonly key: Buffer;

  constructor(
    config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    const pepper = config.keyPepper.reveal();
    this.key = Buffer.from(hkdfSync('sha256', pepper, '', 'conduit-receipt-id-v1', KEY_BYTES));
  }

  mint(integratorId: string): string {
    const open = uuid7(this.clock.now()).slice(0, -MAC_CHARACTERS);
    return open + this.macOf(open, integratorId).toString('hex');
  }

  /** Whether a broker of this installation gave the id to that integrator. */
  isOurs(id: string, integratorId: string): boolean {
    if (!FORM.test(id)) return false;
    const mac = Buffer.from(id.slice(-MAC_CHARACTERS), 'hex');
    return timingSafeEqual(mac, this.macOf(id.slice(0, -MAC_CHARACTERS), integratorId));
  }

  private macOf(open: string, integratorId: string): Buffer {
    const whole = createHmac('sha256', this.key).update(`${open} ${integratorId}`).digest();
    return whole.subarray(0, MAC_BYTES);
  }
}
