/**
 * Submits that carry an Idempotency-Key: the first one names the query, later ones find it. What was
 * sent is remembered as a MAC under the caller's own secret, which tells nobody else anything.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CallerIdentity } from '#apps/broker/src/access/caller.js';
import { recordLifeMs } from '#apps/broker/src/async-queries/query-records.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Secret } from '#libs/kernel/secret.js';

/** Longer than any record: a query waits two hours at most. */
const LIFE_MS = 3 * recordLifeMs;

export interface KeyedSubmit {
  caller: CallerIdentity;
  secret: Secret<Buffer>;
  siteId: string;
  idempotencyKey: string;
  body: Buffer;
}

@Injectable()
export class IdempotentSubmits {
  constructor(private readonly store: TransientStore) {}

  /**
   * @param queryId for a key that is new
   * @returns the query that the key names, from the first submit on
   * @throws ConduitError IDEMPOTENCY_KEY_REUSED
   */
  async nameOf(submit: KeyedSubmit, queryId: string): Promise<string> {
    const key = placeOf(submit);
    const mac = createHmac('sha256', submit.secret.reveal())
      .update(submit.body)
      .digest('base64url');
    const own = `${queryId} ${submit.caller.keyId} ${mac}`;
    const taken = await this.store.ask((redis) => redis.set(key, own, 'PX', LIFE_MS, 'NX'));
    if (taken !== null) return queryId;
    const known = (await this.store.ask((redis) => redis.get(key))) ?? own;
    const [name = '', keyId = '', knownMac = ''] = known.split(' ');
    if (keyId !== submit.caller.keyId) throw reused('otherSubscriptionKey');
    if (!timingSafeEqual(digest(knownMac), digest(mac))) throw reused('otherRequest');
    return name;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A caller's key may say anything: only its digest rests. */
function placeOf({ caller, siteId, idempotencyKey }: KeyedSubmit): string {
  const name = digest(`${caller.integratorId} ${siteId} ${idempotencyKey}`).toString('base64url');
  return `conduit:idempotency:{${name}}`;
}

function reused(reason: string): ConduitError {
  return new ConduitError('IDEMPOTENCY_KEY_REUSED', { facts: { reason } });
}
