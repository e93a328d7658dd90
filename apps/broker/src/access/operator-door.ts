/**
 * The operator on this machine, or within the ranges it was configured for, proves itself with the
 * token in the state folder. From elsewhere the token is not even looked at.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { BlockList } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isInRanges, readRanges } from '#apps/broker/src/access/address-ranges.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { BucketShelf } from '#apps/broker/src/access/token-bucket.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const LOOPBACK = ['127.0.0.0/8', '::1'];

const FAILURES = { atOnce: 10, perSecond: 0.2 };

@Injectable()
export class OperatorDoor {
  private readonly expected: Buffer;
  private readonly ranges: BlockList;
  private readonly failures = new BucketShelf();

  constructor(
    private readonly config: BrokerConfig,
    private readonly clock: Clock,
  ) {
    this.expected = digest(`Bearer ${config.operatorToken.reveal()}`);
    this.ranges = readRanges([...LOOPBACK, ...config.operatorRanges]);
  }

  /**
   * @throws ConduitError OPERATOR_ADDRESS_FORBIDDEN; OPERATOR_TOKEN_INVALID, or RATE_LIMITED after
   *   too many wrong ones
   */
  admit(request: Pick<FastifyRequest, 'headers' | 'ip'>): void {
    const { authorization } = request.headers;
    if (!isInRanges(this.ranges, request.ip) || this.isForwarded(request)) {
      throw new ConduitError('OPERATOR_ADDRESS_FORBIDDEN');
    }
    // Digests have one length, so the comparison tells nothing about the token's.
    if (timingSafeEqual(digest(authorization ?? ''), this.expected)) return;
    const state = this.failures.take(
      request.ip,
      FAILURES.atOnce,
      FAILURES.perSecond,
      this.clock.now(),
    );
    if (state.allowed) throw new ConduitError('OPERATOR_TOKEN_INVALID');
    throw new ConduitError('RATE_LIMITED', {
      facts: { retryAfterMs: Math.ceil(state.retryAfterMs) },
    });
  }

  /** Behind a proxy that was not declared, everybody seems to be on this machine. */
  private isForwarded({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
    const isSaid = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
    return isSaid && this.config.trustProxy.length === 0;
  }
}
