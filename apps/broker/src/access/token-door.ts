/** Lets OAuth clients in by their access tokens: what holds for a key holds for a client. */
import { Injectable } from '@nestjs/common';
import { proveAccessToken, tokenKeyFrom } from '#apps/broker/src/access/access-token.js';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { KeyBook } from '#apps/broker/src/access/key-book.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { Clock } from '#libs/kernel/clock.js';

@Injectable()
export class TokenDoor {
  private readonly tokenKey: Buffer;

  constructor(
    private readonly keys: KeyBook,
    private readonly door: KeyDoor,
    private readonly clock: Clock,
    config: BrokerConfig,
  ) {
    this.tokenKey = tokenKeyFrom(config.keyPepper.reveal());
  }

  /** @throws ConduitError TOKEN_INVALID, KEY_EXPIRED, KEY_REVOKED, KEY_ADDRESS_FORBIDDEN, RATE_LIMITED */
  admit(token: string, address: string, requestId: string): CallerIdentity {
    const proven = proveAccessToken(token, this.tokenKey);
    const isLive = proven !== undefined && proven.endsAtMs > this.clock.now();
    const client = isLive ? this.keys.find(proven.clientId) : undefined;
    return this.door.admitProven(client?.jwks && client, 'TOKEN_INVALID', address, requestId);
  }
}
