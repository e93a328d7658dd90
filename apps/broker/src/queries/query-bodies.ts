/**
 * The bytes of callers' bodies that this node holds, from the first chunk to the end of the query.
 * One key cannot fill the node's memory with them, nor can all large ones together; a small body
 * never has to wait for the large ones of others.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { readBody, SMALL_BODY_BYTES } from '#apps/broker/src/edge/read-body.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export const bodyBudget = { perKeyBytes: 32 * 1024 * 1024, bytes: 192 * 1024 * 1024 } as const;

const RETRY_MS = 1_000;

/** What one request holds. */
export interface HeldBody {
  /** @throws ConduitError RATE_LIMITED when too much is held already; else what readBody throws */
  read(request: FastifyRequest): Promise<Buffer>;
  /** To be called once, when nobody needs the bytes any more. */
  release(): void;
}

@Injectable()
export class QueryBodies {
  private readonly byKey = new Map<string, number>();
  private bytes = 0;

  constructor(private readonly config: BrokerConfig) {}

  hold(keyId: string): HeldBody {
    let held = 0;
    return {
      read: (request) => {
        const { maxBodyBytes } = this.config;
        // Refused before its first byte, when it says how long it is. Only what came is counted.
        const saidBytes = Number(request.headers['content-length'] ?? 0);
        this.require(keyId, held, Math.min(saidBytes, maxBodyBytes));
        return readBody(request, maxBodyBytes, (chunkBytes) => {
          this.require(keyId, held, chunkBytes);
          held += chunkBytes;
          this.add(keyId, chunkBytes);
        });
      },
      release: () => this.add(keyId, -held),
    };
  }

  private require(keyId: string, held: number, more: number): void {
    const keyIsFull = (this.byKey.get(keyId) ?? 0) + more > bodyBudget.perKeyBytes;
    const isLarge = held + more > SMALL_BODY_BYTES;
    if (keyIsFull || (isLarge && this.bytes + more > bodyBudget.bytes)) {
      throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs: RETRY_MS } });
    }
  }

  private add(keyId: string, bytes: number): void {
    this.bytes += bytes;
    const held = (this.byKey.get(keyId) ?? 0) + bytes;
    if (held > 0) this.byKey.set(keyId, held);
    else this.byKey.delete(keyId);
  }
}
