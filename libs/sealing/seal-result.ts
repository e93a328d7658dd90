/**
 * Results at rest: one random content key for each result, wrapped for the caller's result key by
 * HPKE (the key envelope), and each page sealed under it by itself. A page that is moved to another
 * number, query, site or integrator does not open, nor does one whose header was changed. What the
 * page holds, packed or not, is for libs/sealing/page-text.ts.
 */
import { type KeyObject, randomBytes } from 'node:crypto';
import type { PageHeader } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import {
  contentKeyBytes,
  openChunks,
  openEachChunk,
  sealChunks,
} from '#libs/sealing/chunked-encryption.js';
import { hpkeOpen, hpkeSeal } from '#libs/sealing/hpke.js';
import { sealContext } from '#libs/sealing/seal-context.js';

export interface ResultContext {
  queryId: string;
  siteId: string;
  integratorId: string;
}

function fieldsOf({ queryId, siteId, integratorId }: ResultContext): string[] {
  return [queryId, siteId, integratorId];
}

function envelopeContext(context: ResultContext): Buffer {
  return sealContext('conduit result key envelope v1', ...fieldsOf(context));
}

/** A header that names its encoding is bound whole; one of an older agent by its number alone. */
function pageContext(context: ResultContext, header: PageHeader): Buffer {
  const { page, rowsStart, rowsEnd, plainBytes, encoding } = header;
  if (encoding === undefined)
    return sealContext('conduit result page v1', ...fieldsOf(context), String(page));
  const numbers = [page, rowsStart, rowsEnd, plainBytes].map(String);
  return sealContext('conduit result page v2', ...fieldsOf(context), ...numbers, encoding);
}

/** At the practice. Each page number is sealed as often as it is asked for, never to the same bytes. */
export class ResultSealer {
  private readonly contentKey = randomBytes(contentKeyBytes);
  /** Base64url; without the private half of the result key it gives nothing away. */
  readonly keyEnvelope: string;

  /**
   * @param resultKey raw X25519, base64url
   * @throws ConduitError SEAL_BROKEN when it is no public key
   */
  constructor(
    resultKey: string,
    private readonly context: ResultContext,
  ) {
    const recipient = Buffer.from(resultKey, 'base64url');
    const envelope = hpkeSeal(recipient, envelopeContext(context), this.contentKey);
    this.keyEnvelope = envelope.toString('base64url');
  }

  /** @returns 56 bytes and 16 for each 16 KiB more than `content` (C2SP chunked-encryption) */
  sealPage(header: PageHeader, content: Buffer): Buffer {
    return sealChunks(this.contentKey, pageContext(this.context, header), content);
  }
}

/** In a call of the one who asked. */
export class ResultOpener {
  private readonly contentKey: Buffer;

  /** @throws ConduitError SEAL_BROKEN when the envelope is not for this key and this context */
  constructor(
    privateKey: KeyObject,
    keyEnvelope: string,
    private readonly context: ResultContext,
  ) {
    const envelope = Buffer.from(keyEnvelope, 'base64url');
    this.contentKey = hpkeOpen(privateKey, envelopeContext(context), envelope);
    if (this.contentKey.length !== contentKeyBytes) throw new ConduitError('SEAL_BROKEN');
  }

  /** @throws ConduitError SEAL_BROKEN; nothing of the page is returned then */
  openPage(header: PageHeader, sealed: Buffer): Buffer {
    return openChunks(this.contentKey, pageContext(this.context, header), sealed);
  }

  /**
   * Pieces of 16 KiB, for a page that is sent on while it is opened. A page that was cut short
   * fails before the first piece, one that was changed at the changed piece.
   * @throws ConduitError SEAL_BROKEN
   */
  openPageChunks(header: PageHeader, sealed: Buffer): Iterable<Buffer> {
    return openEachChunk(this.contentKey, pageContext(this.context, header), sealed);
  }
}
