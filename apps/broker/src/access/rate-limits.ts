/**
 * Requests per key and queries per grant, counted in this node's memory: with n nodes behind a
 * balancer a caller may reach n times the figure here. The agent counts a grant's own limit over
 * all nodes, so that is the one a practice can rely on.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { networkOf } from '#apps/broker/src/access/address-ranges.js';
import { BucketShelf, type BucketState } from '#apps/broker/src/access/token-bucket.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { Grant } from '#libs/grants/grant.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const SECONDS_A_MINUTE = 60;
/** Of a person at the console: a page asks for a dozen things at once. */
const PERSON = { atOnce: 300, perSecond: 20 };

@Injectable()
export class RateLimits {
  private readonly keys = new BucketShelf();
  private readonly grants = new BucketShelf();
  private readonly strangers = new BucketShelf();
  private readonly people = new BucketShelf();
  private readonly keyPolicy: string;

  constructor(
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    const window = Math.ceil(config.keyRateBurst / config.keyRatePerSecond);
    this.keyPolicy = `"key";q=${config.keyRateBurst};w=${window}`;
  }

  /**
   * Counts a request of a key and says in the answer's headers where it stands.
   * @returns RATE_LIMITED when it is one too many
   */
  takeKey(keyId: string, reply: FastifyReply): ConduitError | undefined {
    const { keyRateBurst, keyRatePerSecond } = this.config;
    const state = this.keys.take(keyId, keyRateBurst, keyRatePerSecond, this.clock.now());
    this.announce(reply, state, this.keyPolicy);
    return refusalOf(state);
  }

  /** Counts a query under a grant that has a limit a minute. @throws RATE_LIMITED */
  takeGrant(grant: Grant, reply: FastifyReply): void {
    const { perMinute } = grant.limits;
    if (perMinute === undefined) return;
    const perSecond = perMinute / SECONDS_A_MINUTE;
    const state = this.grants.take(grant.grantId, perMinute, perSecond, this.clock.now());
    this.announce(reply, state, `${this.keyPolicy}, "grant";q=${perMinute};w=${SECONDS_A_MINUTE}`);
    refuse(state);
  }

  /**
   * Counts a request of somebody who has shown no credential yet. @param address behind trusted
   * proxies @throws RATE_LIMITED
   */
  takeStranger(address: string, reply: FastifyReply): void {
    const { strangerRateBurst, strangerRatePerSecond } = this.config;
    const network = networkOf(address);
    const state = this.strangers.take(
      network,
      strangerRateBurst,
      strangerRatePerSecond,
      this.clock.now(),
    );
    const window = Math.ceil(strangerRateBurst / strangerRatePerSecond);
    this.announce(reply, state, `"address";q=${strangerRateBurst};w=${window}`);
    refuse(state);
  }

  /** Counts a request of somebody who is signed in. @throws RATE_LIMITED */
  takePerson(personId: string, reply: FastifyReply): void {
    const { atOnce, perSecond } = PERSON;
    const state = this.people.take(personId, atOnce, perSecond, this.clock.now());
    this.announce(reply, state, `"person";q=${atOnce};w=${Math.ceil(atOnce / perSecond)}`);
    refuse(state);
  }

  private announce(reply: FastifyReply, state: BucketState, policy: string): void {
    reply.header('RateLimit-Limit', state.limit);
    reply.header('RateLimit-Remaining', state.remaining);
    reply.header('RateLimit-Reset', Math.ceil(state.resetMs / 1_000));
    reply.header('RateLimit-Policy', policy);
  }
}

function refuse(state: BucketState): void {
  const refusal = refusalOf(state);
  if (refusal) throw refusal;
}

function refusalOf({ allowed, retryAfterMs }: BucketState): ConduitError | undefined {
  if (allowed) return undefined;
  return new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: Math.ceil(retryAfterMs) } });
}
