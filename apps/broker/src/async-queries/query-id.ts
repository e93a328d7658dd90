/**
 * Ids of queries that prove themselves: UUID version 8 (RFC 9562 §5.8) of the time, random bits and
 * a MAC over both and the owner. So an id that this broker gave out is told from any other, however
 * long ago it was and whatever the transient store has lost since.
 *
 * Layout: 48 bits milliseconds since the Unix epoch ‖ version 8 ‖ 12 random bits ‖ variant ‖ 14
 * random bits ‖ 48 bits of HMAC-SHA256.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { Clock } from '#libs/kernel/clock.js';
import { markUuid8, UUID_BYTES, uuidText } from '#libs/kernel/uuid8.js';

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME_BYTES = 6;
const SIGNED_BYTES = 10;
const KEY_BYTES = 32;

@Injectable()
export class QueryIds {
  private readonly key: Buffer;

  constructor(
    config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    const pepper = config.keyPepper.reveal();
    this.key = Buffer.from(hkdfSync('sha256', pepper, '', 'conduit-query-id-v1', KEY_BYTES));
  }

  mint(integratorId: string, siteId: string): string {
    const bytes = randomBytes(UUID_BYTES);
    bytes.writeUIntBE(this.clock.now(), 0, TIME_BYTES);
    markUuid8(bytes);
    this.macOf(bytes, integratorId, siteId).copy(bytes, SIGNED_BYTES);
    return uuidText(bytes);
  }

  /** Whether a broker of this installation gave the id to that integrator for that site. */
  isOurs(queryId: string, integratorId: string, siteId: string): boolean {
    if (!FORM.test(queryId)) return false;
    const bytes = Buffer.from(queryId.replaceAll('-', ''), 'hex');
    const mac = this.macOf(bytes, integratorId, siteId);
    return timingSafeEqual(mac, bytes.subarray(SIGNED_BYTES));
  }

  private macOf(bytes: Buffer, integratorId: string, siteId: string): Buffer {
    return createHmac('sha256', this.key)
      .update(bytes.subarray(0, SIGNED_BYTES))
      .update(`${integratorId} ${siteId}`)
      .digest()
      .subarray(0, UUID_BYTES - SIGNED_BYTES);
  }
}
