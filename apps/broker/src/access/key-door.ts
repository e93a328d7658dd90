/**
 * Lets integrators in: the cheapest check first, the same answer for a key that never was and one
 * whose secret is wrong. Whoever fails often from one address waits.
 */
import { Injectable } from '@nestjs/common';
import { parseApiKey, secretMatches } from '#apps/broker/src/access/api-key.js';
import { isInRanges } from '#apps/broker/src/access/address-ranges.js';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { KeyBook, type KeyEntry } from '#apps/broker/src/access/key-book.js';
import { ProvenKeys } from '#apps/broker/src/access/proven-keys.js';
import { BucketShelf } from '#apps/broker/src/access/token-bucket.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Wrong keys one address may send at once, and each second for ever. */
const FAILURES = { atOnce: 20, perSecond: 0.5 };

const NO_KEY = Buffer.alloc(32);

@Injectable()
export class KeyDoor {
  private readonly failures = new BucketShelf();
  private readonly proven = new ProvenKeys();
  private readonly pepper: Buffer;

  constructor(
    private readonly keys: KeyBook,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    config: BrokerConfig,
  ) {
    this.pepper = config.keyPepper.reveal();
  }

  /**
   * @param presented the header's value
   * @param address of the caller, behind trusted proxies
   * @throws ConduitError KEY_MISSING, KEY_INVALID, KEY_EXPIRED, KEY_REVOKED, ACCESS_FROZEN, KEY_ADDRESS_FORBIDDEN,
   *   RATE_LIMITED
   */
  admit(presented: string | undefined, address: string, requestId: string): CallerIdentity {
    const nowMs = this.clock.now();
    if (presented === undefined || presented === '')
      throw this.refusal('KEY_MISSING', address, nowMs);
    const key = this.proven.check(presented, this.find, this.prove);
    return this.admitProven(key, 'KEY_INVALID', address, requestId);
  }

  /**
   * Whoever has proven to hold a key or to be a client, within that key's own bounds.
   * @param key undefined: nothing was proven
   * @param otherwise what is answered then
   * @throws ConduitError `otherwise`, KEY_EXPIRED, KEY_REVOKED, KEY_ADDRESS_FORBIDDEN, RATE_LIMITED
   */
  admitProven(
    key: KeyEntry | undefined,
    otherwise: ErrorCode,
    address: string,
    requestId: string,
  ): CallerIdentity {
    const nowMs = this.clock.now();
    if (!key) throw this.refusal(otherwise, address, nowMs);
    const code = this.whyNot(key, address, nowMs);
    if (code) {
      const refusal = this.refusal(code, address, nowMs);
      // A flood leaves as many records as it got answers, not as many as it sent.
      if (refusal.code === code) {
        this.audit.note({
          type: 'key.refused',
          integrator: key.integratorId,
          keyId: key.keyId,
          requestId,
          outcome: 'refused',
          errorCode: code,
        });
      }
      throw refusal;
    }
    return { integratorId: key.integratorId, keyId: key.keyId, key };
  }

  private readonly find = (keyId: string): KeyEntry | undefined => this.keys.find(keyId);

  private readonly prove = (presented: string): KeyEntry | undefined => {
    const parsed = parseApiKey(presented);
    if (!parsed) return undefined;
    const key = this.keys.find(parsed.keyId);
    const matches = secretMatches(parsed.secret, this.pepper, key?.secretHmac ?? NO_KEY);
    return matches ? key : undefined;
  };

  /** Only told to whoever holds the secret. */
  private whyNot(
    key: CallerIdentity['key'],
    address: string,
    nowMs: number,
  ): ErrorCode | undefined {
    if (key.revoked) return 'KEY_REVOKED';
    if (key.expiresAtMs <= nowMs) return 'KEY_EXPIRED';
    if (key.frozen) return 'ACCESS_FROZEN';
    if (key.ranges && !isInRanges(key.ranges, address)) return 'KEY_ADDRESS_FORBIDDEN';
    return undefined;
  }

  /** A right key is never made to wait for the wrong ones that others send from its address. */
  private refusal(code: ErrorCode, address: string, nowMs: number): ConduitError {
    const state = this.failures.take(address, FAILURES.atOnce, FAILURES.perSecond, nowMs);
    if (!state.allowed) {
      return new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: state.retryAfterMs } });
    }
    return new ConduitError(code);
  }
}
