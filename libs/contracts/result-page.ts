/**
 * Sealed result pages on the link, one after the other in the body of a reply. A frame is
 * `u32 header bytes ‖ header JSON ‖ u32 page bytes ‖ sealed page`, lengths big-endian. The broker
 * reads headers and stores pages; it cannot open one. A header may also say which pages wait behind
 * its own at the practice.
 */
import type { ParameterDto } from '#libs/contracts/command.js';
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** How a page's text lies within its seal. `br`: brotli (RFC 7932), zeros may follow its end. */
export const pageEncodings = ['identity', 'br'] as const;
export type PageEncoding = (typeof pageEncodings)[number];

/** What may be known of a page without opening it. */
export interface PageHeader {
  /** From 1. Page 0 is the outcome: output parameters, columns, the database's own words. */
  page: number;
  /** 0-based, inclusive; `rowsEnd` is `rowsStart - 1` for a page without rows. */
  rowsStart: number;
  rowsEnd: number;
  /** Bytes of the page's JSON text. */
  plainBytes: number;
  /**
   * Only towards a broker that said it reads it; the seal then binds all of the header. Absent: the
   * text as it is, bound to its page number alone, as agents sealed that knew nothing else.
   */
  encoding?: PageEncoding;
}

export interface SealedPage {
  header: PageHeader;
  sealed: Buffer;
}

/** Page 0 as JSON: what of the outcome is for the caller's eyes only. */
export interface SealedOutcome {
  /** Output, inputOutput and returnValue parameters with their final values. */
  parameters?: ParameterDto[];
  columns?: ColumnFacts[];
  /** SQL Server's own number. */
  errorCode?: number;
  /** SQL Server's words. */
  errorMessage?: string;
}

const LENGTH_BYTES = 4;
const MAX_HEADER_BYTES = 1024;
/** A page is cut after the row that passes 1 MB; a single row may be far larger. */
export const maxPageBytes = 64 * 1024 * 1024;
/** A header has room for so many. */
export const maxPagesBehind = 16;

/**
 * @param behind the next pages that were cut and wait for their turn, in order; only the first
 *   `maxPagesBehind` are told
 * @returns the frame's pieces, the sealed bytes uncopied
 */
export function encodePage(
  { header, sealed }: SealedPage,
  behind: readonly PageHeader[] = [],
): Buffer[] {
  const told = behind.slice(0, maxPagesBehind);
  const more = told.map(({ plainBytes, rowsEnd }) => [plainBytes, rowsEnd]);
  const json = Buffer.from(JSON.stringify({ ...header, ...(more.length > 0 && { behind: more }) }));
  const before = Buffer.alloc(LENGTH_BYTES + json.length + LENGTH_BYTES);
  before.writeUInt32BE(json.length);
  json.copy(before, LENGTH_BYTES);
  before.writeUInt32BE(sealed.length, LENGTH_BYTES + json.length);
  return [before, sealed];
}

/**
 * Pages as they arrive, each once it is whole.
 * @param onBegun is told as soon as a page has begun to come: its header, then those of the pages that
 *   wait behind it
 * @throws ConduitError LINK_PROTOCOL for lengths out of bounds, headers that are none, or a torn end
 */
export async function* decodePages(
  body: AsyncIterable<Uint8Array>,
  onBegun?: (coming: PageHeader[]) => void,
): AsyncGenerator<SealedPage> {
  const bytes = new ByteReader(body);
  for (;;) {
    const headerLength = await bytes.length();
    if (headerLength === undefined) return;
    if (headerLength > MAX_HEADER_BYTES) throw new ConduitError('LINK_PROTOCOL');
    const coming = readHeader(await bytes.take(headerLength));
    const [header] = coming;
    onBegun?.(coming);
    const pageLength = await bytes.length();
    if (pageLength === undefined || pageLength > maxPageBytes)
      throw new ConduitError('LINK_PROTOCOL');
    yield { header, sealed: await bytes.take(pageLength) };
  }
}

type Coming = [PageHeader, ...PageHeader[]];

/** @returns the page's own header, then what it says of those behind it */
function readHeader(json: Buffer): Coming {
  let said: Partial<Record<keyof PageHeader | 'behind', unknown>>;
  try {
    said = JSON.parse(json.toString('utf8')) as typeof said;
  } catch {
    throw new ConduitError('LINK_PROTOCOL');
  }
  const { page, rowsStart, rowsEnd, plainBytes, encoding, behind = [] } = said ?? {};
  if (!whole(page, 0) || !whole(rowsStart, 0) || !whole(plainBytes, 0))
    throw new ConduitError('LINK_PROTOCOL');
  // Text that was packed is larger than what comes: nobody is to unpack more than a page may have.
  if (plainBytes > maxPageBytes || !whole(rowsEnd, rowsStart - 1))
    throw new ConduitError('LINK_PROTOCOL');
  const header = { page, rowsStart, rowsEnd, plainBytes };
  const first = encoding === undefined ? header : { ...header, encoding: readEncoding(encoding) };
  return [first, ...readBehind(header, behind)];
}

function readEncoding(said: unknown): PageEncoding {
  const encoding = pageEncodings.find((one) => one === said);
  if (encoding === undefined) throw new ConduitError('LINK_PROTOCOL');
  return encoding;
}

function readBehind(first: PageHeader, behind: unknown): PageHeader[] {
  if (!Array.isArray(behind) || behind.length > maxPagesBehind)
    throw new ConduitError('LINK_PROTOCOL');
  const all: PageHeader[] = [];
  let before = first;
  for (const one of behind as unknown[]) {
    const [plainBytes, rowsEnd] = Array.isArray(one) ? (one as unknown[]) : [];
    if (!whole(plainBytes, 0) || !whole(rowsEnd, before.rowsEnd))
      throw new ConduitError('LINK_PROTOCOL');
    before = { page: before.page + 1, rowsStart: before.rowsEnd + 1, rowsEnd, plainBytes };
    all.push(before);
  }
  return all;
}

function whole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

/** Fragments end anywhere; what is asked for may span many. */
class ByteReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Buffer[] = [];
  private heldBytes = 0;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.source = body[Symbol.asyncIterator]();
  }

  /** Undefined where the body ends between two frames. */
  async length(): Promise<number | undefined> {
    if (this.heldBytes === 0 && !(await this.more())) return undefined;
    return (await this.take(LENGTH_BYTES)).readUInt32BE();
  }

  async take(count: number): Promise<Buffer> {
    while (this.heldBytes < count) {
      if (!(await this.more())) throw new ConduitError('LINK_PROTOCOL');
    }
    const all = this.held.length === 1 ? (this.held[0] as Buffer) : Buffer.concat(this.held);
    const rest = all.subarray(count);
    this.held = rest.length > 0 ? [rest] : [];
    this.heldBytes = rest.length;
    return all.subarray(0, count);
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const next: IteratorResult<Uint8Array> = await this.source.next();
      if (next.done === true) return false;
      if (next.value.length === 0) continue;
      this.held.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length));
      this.heldBytes += next.value.length;
      return true;
    }
  }
}
