/**
 * Looks for planted markers wherever bytes could have come to rest, in every form a careless program
 * might have left them: raw, UTF-16, hex, base64 in its three phases, escaped for a URL or for JSON.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Leak {
  where: string;
  marker: string;
  form: string;
}

export interface FolderSearch {
  leaks: Leak[];
  /** How much there was to look at, so that a reader can see that it was looked at all. */
  filesRead: number;
  bytesRead: number;
}

interface Needle {
  marker: string;
  form: string;
  bytes: Buffer;
}

/** A word that occurs nowhere by chance; starts with a letter, so that it can name a column. */
export function newMarker(purpose: string): string {
  return `Zz${purpose}${randomBytes(9).toString('hex')}`;
}

/** The part of a base64 text that is the same whatever surrounds the bytes at the given phase. */
function base64Phase(bytes: Buffer, phase: number): string {
  const text = Buffer.concat([Buffer.alloc(phase), bytes]).toString('base64');
  const firstWhole = phase === 0 ? 0 : 4;
  const wholeGroups = Math.floor((phase + bytes.length) / 3) * 4;
  return text.slice(firstWhole, wholeGroups);
}

const base64Phases = (name: string, bytes: Buffer): [string, string][] =>
  [0, 1, 2].map((phase) => [phase === 0 ? name : `${name}+${phase}`, base64Phase(bytes, phase)]);

/** Every byte as two digits, each pair after a prefix. */
const digits = (prefix: string, bytes: Buffer): string =>
  [...bytes].map((byte) => prefix + byte.toString(16).padStart(2, '0')).join('');

const digitsUpper = (prefix: string, bytes: Buffer): string =>
  [...bytes].map((byte) => prefix + byte.toString(16).padStart(2, '0').toUpperCase()).join('');

/**
 * What plain letters and digits may have become. Escaping them for a URL or for JSON leaves them as
 * they are unless a program escapes everything, which is what is looked for.
 */
function formsOf(marker: string): [string, string | Buffer][] {
  const raw = Buffer.from(marker);
  const wide = Buffer.from(marker, 'utf16le');
  return [
    ['raw', raw],
    ['lower case', marker.toLowerCase()],
    ['upper case', marker.toUpperCase()],
    ['UTF-16LE', wide],
    ['UTF-16BE', Buffer.from(wide).swap16()],
    ['hex', digits('', raw)],
    ['HEX', digitsUpper('', raw)],
    ['hex of UTF-16', digits('', wide)],
    ['HEX of UTF-16', digitsUpper('', wide)],
    ...base64Phases('base64', raw),
    ...base64Phases('base64 of UTF-16', wide),
    ['URL', digits('%', raw)],
    ['URL, upper case', digitsUpper('%', raw)],
    ['JSON', digits('\\u00', raw)],
    ['JSON, upper case', digitsUpper('\\u00', raw)],
  ];
}

/** The names of all forms, for a report that says what was looked for. */
export const searchedForms: readonly string[] = formsOf('Zz').map(([form]) => form);

function needlesOf(markers: readonly string[]): Needle[] {
  const known = new Set<string>();
  return markers.flatMap((marker) =>
    formsOf(marker).flatMap(([form, text]) => {
      const bytes = Buffer.from(text as string);
      const name = bytes.toString('latin1');
      // A marker of digits has no other case, and would be told three times.
      if (known.has(name)) return [];
      known.add(name);
      return [{ marker, form, bytes }];
    }),
  );
}

/** Bytes that come piece by piece; what lies across the edge of two pieces is found too. */
export class PieceSearch {
  private readonly found = new Map<string, Leak>();
  private readonly needles: Needle[];
  private readonly overlap: number;
  private tail = Buffer.alloc(0);

  constructor(
    private readonly where: string,
    markers: readonly string[],
  ) {
    this.needles = needlesOf(markers);
    this.overlap = Math.max(1, ...this.needles.map(({ bytes }) => bytes.length)) - 1;
  }

  add(piece: Buffer): void {
    const edge = Buffer.concat([this.tail, piece.subarray(0, this.overlap)]);
    for (const needle of this.needles) {
      if (piece.includes(needle.bytes) || edge.includes(needle.bytes)) this.note(needle);
    }
    const kept = piece.length >= this.overlap ? piece : Buffer.concat([this.tail, piece]);
    this.tail = Buffer.from(kept.subarray(Math.max(0, kept.length - this.overlap)));
  }

  private note({ marker, form }: Needle): void {
    this.found.set(`${marker} ${form}`, { where: this.where, marker, form });
  }

  get leaks(): Leak[] {
    return [...this.found.values()];
  }
}

/** Searches one piece of memory. */
export function searchBytes(where: string, bytes: Buffer, markers: readonly string[]): Leak[] {
  const search = new PieceSearch(where, markers);
  search.add(bytes);
  return search.leaks;
}

const PIECE_BYTES = 4 * 1024 * 1024;

async function searchFile(path: string, markers: readonly string[]) {
  const search = new PieceSearch(path, markers);
  let bytesRead = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    search.add(piece as Buffer);
    bytesRead += (piece as Buffer).length;
  }
  return { leaks: search.leaks, bytesRead };
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/**
 * Searches every file below a folder.
 * @param except path prefixes that are not searched, e.g. the PMS database itself
 */
export async function searchFolder(
  folder: string,
  markers: readonly string[],
  except: readonly string[] = [],
): Promise<FolderSearch> {
  const search: FolderSearch = { leaks: [], filesRead: 0, bytesRead: 0 };
  const walk = async (directory: string): Promise<void> => {
    // What is searched may be at work: what went in between holds nothing.
    for (const name of (await readdir(directory).catch(unlessGone)) ?? []) {
      const path = join(directory, name);
      if (except.some((prefix) => path.startsWith(prefix))) continue;
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isDirectory()) await walk(path);
      if (!facts?.isFile()) continue;
      const found = await searchFile(path, markers).catch(unlessGone);
      if (!found) continue;
      search.leaks.push(...found.leaks);
      search.filesRead += 1;
      search.bytesRead += found.bytesRead;
    }
  };
  await stat(folder);
  await walk(folder);
  return search;
}
