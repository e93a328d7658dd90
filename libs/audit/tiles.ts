/**
 * The tree cut into tiles of 256 hashes, as C2SP tlog-tiles lays them out: where each is found, what
 * it holds, and how a hash is read out of them. A full tile never changes; the last one of each level
 * grows. Tiles need nothing but the leaf hashes: no record is in them.
 */
import { HASH_BYTES, nodeHash } from '#libs/audit/tree-hash.js';
import type { TreeNode } from '#libs/audit/tree-proofs.js';

export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
const MAX_LEVEL = 63;

export interface TilePlace {
  level: number;
  index: number;
}

export interface Tile extends TilePlace {
  /** Hashes side by side, 1 to 256 of them. */
  hashes: Buffer;
}

/** `x001/x234/067` for 1234067. */
function numberPath(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** Only the one way to write a number is read. */
function parseNumberPath(path: string): number | undefined {
  if (!/^(?:x\d{3}\/){0,5}\d{3}$/.test(path)) return undefined;
  const index = Number(path.replaceAll(/[x/]/g, ''));
  return Number.isSafeInteger(index) && numberPath(index) === path ? index : undefined;
}

/** `tile/<level>/<number>[.p/<width>]`; `entries` names the bundle of records beside level 0. */
export function tilePath(level: number | 'entries', index: number, width = TILE_WIDTH): string {
  const partial = width < TILE_WIDTH ? `.p/${width}` : '';
  return `tile/${level}/${numberPath(index)}${partial}`;
}

/** @returns undefined for what is no path of a tile */
export function parseTilePath(
  path: string,
): { level: number | 'entries'; index: number; width: number } | undefined {
  const parts =
    /^tile\/(?<level>entries|0|[1-9]\d?)\/(?<number>[x\d/]{3,31})(?:\.p\/(?<width>[1-9]\d{0,2}))?$/.exec(
      path,
    )?.groups;
  if (!parts) return undefined;
  const level = parts['level'] === 'entries' ? 'entries' : Number(parts['level']);
  const index = parseNumberPath(parts['number'] ?? '');
  const width = parts['width'] === undefined ? TILE_WIDTH : Number(parts['width']);
  if (index === undefined || (level !== 'entries' && level > MAX_LEVEL)) return undefined;
  if (parts['width'] !== undefined && width >= TILE_WIDTH) return undefined;
  return { level, index, width };
}

/** The last, unfinished tile of each level of a tree of `size` leaves; without hashes where it is empty. */
export function edgeOf(size: number): (TilePlace & { width: number })[] {
  const edge = [];
  for (let level = 0, hashes = size; hashes > 0; level++) {
    edge.push({ level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH });
    hashes = Math.floor(hashes / TILE_WIDTH);
  }
  return edge;
}

/** The tile that a complete subtree's hash is read from, and the hashes in it that the subtree spans. */
export function tileOf({ level, index }: TreeNode): {
  tile: TilePlace;
  first: number;
  count: number;
} {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const start = index * count;
  return {
    tile: { level: tileLevel, index: Math.floor(start / TILE_WIDTH) },
    first: start % TILE_WIDTH,
    count,
  };
}

/** The hash over `count` hashes of a tile, a power of two, from `first` on; undefined where they are not there. */
export function hashInTile(hashes: Buffer, first: number, count: number): Buffer | undefined {
  if (hashes.length < (first + count) * HASH_BYTES) return undefined;
  let row = Array.from({ length: count }, (_, at) =>
    hashes.subarray((first + at) * HASH_BYTES, (first + at + 1) * HASH_BYTES),
  );
  while (row.length > 1) {
    const children = row;
    row = Array.from({ length: children.length / 2 }, (_, at) =>
      nodeHash(children[at * 2] as Buffer, children[at * 2 + 1] as Buffer),
    );
  }
  return row[0];
}
