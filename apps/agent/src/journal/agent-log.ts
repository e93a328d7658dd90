/**
 * The journal as a Merkle log of this agent's own: each line that is on disk is a leaf, numbered over
 * segments and restarts; tiles and a signed checkpoint stand beside the segments. The lines are the truth:
 * tree and checkpoint are only ever made of lines that are on disk, so whatever a crash leaves behind,
 * the next start finds the same leaves and can only sign what continues what was signed. Tiles stay when
 * old segments go, so what was signed once can be proven for ever.
 */
import { join } from 'node:path';

import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { LineStore } from '#apps/agent/src/journal/file-journal.js';
import { verifierOf, type LogSigner } from '#apps/agent/src/journal/log-signer.js';
import {
  numberOldLines,
  readNumberedFrom,
  type NumberedLine,
} from '#apps/agent/src/journal/numbered-lines.js';
import { leafOfLine, numberLine } from '#libs/audit/audit-line.js';
import { AuditSegments, type SegmentOptions } from '#libs/audit/audit-segments.js';
import { parseCheckpoint, signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { parseNote, type NoteKey } from '#libs/audit/signed-note.js';
import { TileFiles } from '#libs/audit/tile-files.js';
import { edgeOf, type Tile } from '#libs/audit/tiles.js';
import { EMPTY_ROOT, textLeafHash } from '#libs/audit/tree-hash.js';
import type { NodeReader } from '#libs/audit/tree-proofs.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';
import { inSteps } from '#libs/kernel/in-steps.js';

export const journalFolder = (stateFolder: string): string => join(stateFolder, 'journal');

export const checkpointFile = (folder: string): string => join(folder, 'checkpoint');

/** Within the text of a record, which is a text in its line. */
const CROSSING = '\\"type\\":\\"audit-log.checkpoint\\"';

/** How long leaves wait for the head that has them. Until then a crash costs only the time to read them again. */
const SETTLE_MS = 5_000;

/** A head that is on disk, and can be given to others. */
export interface SignedTree extends TreeHead {
  /** The checkpoint, as this log signed it. */
  signed: string;
}

export class AgentLog implements LineStore {
  private dirty = new Map<string, Tile>();
  private kept: SignedTree | undefined;
  private timer: NodeJS.Timeout | undefined;
  private settling: Promise<unknown> = Promise.resolve();
  private closed = false;
  private written = 0;

  private constructor(
    private readonly folder: string,
    private readonly signer: LogSigner,
    private readonly segments: AuditSegments,
    private readonly tiles: TileFiles,
    /** Undefined: tiles or lines are gone that can't be made again; lines are still written. */
    private tree: GrowingTree | undefined,
    private next: number,
  ) {}

  /** Mends what a crash left, takes lines in that no head has yet, and signs. */
  static async open(
    folder: string,
    signer: LogSigner,
    options: SegmentOptions = {},
  ): Promise<AgentLog> {
    await numberOldLines(folder);
    const segments = await AuditSegments.open(folder, options);
    const tiles = new TileFiles(folder);
    const head = await readHead(folder);
    const { tree, lines } = await restore(folder, head, tiles);
    const next = Math.max((lines.at(-1)?.n ?? -1) + 1, head?.size ?? 0);
    const log = new AgentLog(folder, signer, segments, tiles, tree, next);
    log.grow(lines.map(leafOf));
    await log.settle();
    return log;
  }

  /** False: the log can't be continued, and no more heads are signed. */
  get isSound(): boolean {
    return this.tree !== undefined;
  }

  get verifier(): NoteKey {
    return verifierOf(this.signer);
  }

  /** Lines since this start, without those that only record heads of another log. */
  get acts(): number {
    return this.written;
  }

  /** The newest head that is on disk; undefined before the first leaf. */
  get head(): SignedTree | undefined {
    return this.kept;
  }

  /** For proofs under a head that was on disk. */
  nodesOf(size: number): NodeReader {
    return readTiles(size, this.tiles.read);
  }

  /** @throws the system's error; then nothing of the lines is kept, and their numbers are given out again */
  async append(lines: readonly string[]): Promise<void> {
    await this.segments.append(lines.map((line, at) => numberLine(line, this.next + at)));
    this.next += lines.length;
    this.written += lines.filter((line) => !line.includes(CROSSING)).length;
    for await (const part of inSteps(lines)) this.grow(part.map(leafOfLine));
    if (!this.closed) this.timer ??= setTimeout(() => void this.settle(), SETTLE_MS).unref();
  }

  /**
   * Brings tiles and the signed head to disk. Never rejects: what the disk refuses is tried again.
   * @returns whether the head on disk has every leaf there was at the call
   */
  settle(): Promise<boolean> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const own = this.settling.then(() => this.settleOnce()).catch(() => false);
    this.settling = own;
    return own;
  }

  /** Segments go only when the tiles that outlive them are on disk. */
  async prune(beforeMs: number): Promise<number> {
    return (await this.settle()) ? this.segments.prune(beforeMs) : 0;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.settle();
    await this.segments.close();
  }

  private grow(leaves: readonly Buffer[]): void {
    for (const tile of this.tree?.append(leaves) ?? [])
      this.dirty.set(`${tile.level}/${tile.index}`, tile);
  }

  private async settleOnce(): Promise<boolean> {
    const { tree, dirty, signer } = this;
    if (!tree) return false;
    const [size, root] = [tree.size, tree.root()];
    if (size === 0 || (size === this.kept?.size && dirty.size === 0)) return true;
    this.dirty = new Map();
    try {
      await this.tiles.write([...dirty.values()]);
      const signed = signCheckpoint({ origin: signer.origin, size, root }, signer.privateKey);
      await writeDurably(checkpointFile(this.folder), signed);
      this.kept = { size, root, signed };
      return true;
    } catch {
      // Those that grew meanwhile are longer.
      this.dirty = new Map([...dirty, ...this.dirty]);
      return false;
    }
  }
}

const leafOf = ({ record }: NumberedLine): Buffer => textLeafHash(record);

async function readHead(folder: string): Promise<TreeHead | undefined> {
  const note = parseNote((await readIfThere(checkpointFile(folder))) ?? '');
  return note && parseCheckpoint(note.text);
}

/** @returns undefined where the tiles do not make the root of the head */
async function openTree(
  head: TreeHead | undefined,
  tiles: TileFiles,
): Promise<GrowingTree | undefined> {
  const { size, root } = head ?? { size: 0, root: EMPTY_ROOT };
  try {
    const tree = GrowingTree.of(size, await tiles.read(edgeOf(size)));
    return tree.root().equals(root) ? tree : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The tree as its head says it is, and the lines that it does not have yet. Of damaged tiles it is made
 * anew, where all lines are still there and make the root that was signed.
 */
async function restore(
  folder: string,
  head: TreeHead | undefined,
  tiles: TileFiles,
): Promise<{ tree: GrowingTree | undefined; lines: NumberedLine[] }> {
  const tree = await openTree(head, tiles);
  const from = tree?.size ?? 0;
  const lines = await readNumberedFrom(folder, from);
  const isWhole = lines.every(({ n }, at) => n === from + at);
  if (!isWhole) return { tree: undefined, lines };
  if (tree) return { tree, lines };
  const older = GrowingTree.empty();
  older.append(lines.slice(0, head?.size).map(leafOf));
  const isOurs = head !== undefined && older.size === head.size && older.root().equals(head.root);
  return { tree: isOurs ? GrowingTree.empty() : undefined, lines };
}
