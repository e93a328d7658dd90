/**
 * The text of a sealed page: packed where it pays, then sealed, and back. A reader gets exactly as much
 * as the header declares, or an error, whatever the one who sealed it put inside.
 */
import type { PageEncoding, PageHeader, SealedPage } from '#libs/contracts/result-page.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { exactly, packText, unpackText } from '#libs/sealing/packing.js';
import type { ResultOpener, ResultSealer } from '#libs/sealing/seal-result.js';

type PagePlace = Pick<PageHeader, 'page' | 'rowsStart' | 'rowsEnd'>;

/**
 * @param accepted what its readers unpack; undefined for those that know nothing of encodings
 */
export async function sealText(
  sealer: ResultSealer,
  place: PagePlace,
  text: Buffer,
  accepted: PageEncoding | undefined,
): Promise<SealedPage> {
  const plain: PageHeader = { ...place, plainBytes: text.length };
  if (accepted === undefined) return { header: plain, sealed: sealer.sealPage(plain, text) };
  const packed = accepted === 'br' ? await packText(text) : undefined;
  const header: PageHeader = { ...plain, encoding: packed ? 'br' : 'identity' };
  return { header, sealed: sealer.sealPage(header, packed ?? text) };
}

/** @throws ConduitError SEAL_BROKEN; nothing of the page is returned then */
export async function openText(opener: ResultOpener, page: SealedPage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of openTextChunks(opener, page)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Pieces of at most 64 KiB, for a page that is sent on while it is opened. A page that was cut short
 * fails before the first piece, one that was changed at the changed piece.
 * @throws ConduitError SEAL_BROKEN
 */
export function openTextChunks(
  opener: ResultOpener,
  { header, sealed }: SealedPage,
): Iterable<Buffer> | AsyncIterable<Buffer> {
  const content = opener.openPageChunks(header, sealed);
  switch (header.encoding) {
    case undefined:
      return content;
    case 'identity':
      return exactly(content, header.plainBytes);
    case 'br':
      return unpackText(content, header.plainBytes);
    default:
      // Whoever kept the header changed it: the seal would say no more than this.
      throw new ConduitError('SEAL_BROKEN');
  }
}
