/**
 * Reads, opens and validates the request before any handler sees it. A body that waited on its way
 * was sealed to this agent: only its own key opens it, and only for the very query that it came for.
 */
import { Injectable, type PipeTransform } from '@nestjs/common';
import {
  checkMeta,
  readQuery,
  type QueryRequest,
} from '#apps/agent/src/execution/query-request.js';
import { EncryptionKeys } from '#apps/agent/src/identity/encryption-keys.js';
import type { RunQueryMeta } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { openRequest } from '#libs/sealing/seal-request.js';

@Injectable()
export class QueryRequestPipe implements PipeTransform<LinkRequest, QueryRequest> {
  constructor(private readonly keys: EncryptionKeys) {}

  /** @throws ConduitError SEALED_TO_OLD_KEY, SEAL_BROKEN, or as `checkMeta` and `readQuery` */
  transform(request: LinkRequest): QueryRequest {
    const meta = checkMeta(request.meta);
    const body = meta.lane === 'async' ? this.open(meta, request.body) : request.body;
    return { meta, query: readQuery(meta.lane, body) };
  }

  private open(meta: RunQueryMeta, sealed: Buffer): Buffer {
    const { queryId, siteId, integratorId, keyId } = meta;
    // Checked above: an async query has all three.
    const { sealedTo = '', resultKey = '', idempotencyKey = '' } = meta;
    const privateKey = this.keys.find(sealedTo);
    if (privateKey === undefined) throw new ConduitError('SEALED_TO_OLD_KEY');
    const context = { queryId, siteId, integratorId, keyId, resultKey, idempotencyKey };
    return openRequest(privateKey, context, sealed);
  }
}
