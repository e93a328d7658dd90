/**
 * What the audit log costs when it is small and when it is large: one step of the sequencer over 256
 * records (tree from its tiles, append, root, signature), and proofs for leaves anywhere. The tiles lie
 * in memory: a store reads as many of them for either size.
 */
import { createHash, randomInt } from 'node:crypto';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { edgeOf, type Tile, type TilePlace } from '#libs/audit/tiles.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';
import { consistencyProof, inclusionProof } from '#libs/audit/tree-proofs.js';
import { ed25519FromSeed } from '#libs/pki/keys.js';
import { median } from '#test/bench/load.js';
import type { Measured, Scenario } from '#test/bench/scenario.js';

const SMALL = 10_000;
const LARGE = 10_000_000;
const BATCH = 256;
const FILL = 65_536;
const SAMPLES = 200;
const BAR = 4;

class TiledLog {
  private readonly levels: Buffer[][] = [];
  private readonly key = ed25519FromSeed(Buffer.alloc(32, 1)).privateKey;
  size = 0;

  /** Leaf hashes of no records: each is the hash of its number. */
  fill(size: number): void {
    const tree = GrowingTree.empty();
    while (tree.size < size) {
      this.put(tree.append(leaves(tree.size, Math.min(FILL, size - tree.size))));
    }
    this.size = size;
  }

  /** As the sequencer does it; nothing of it stays. */
  step(batch: readonly Buffer[]): string {
    const tree = GrowingTree.of(this.size, this.read(edgeOf(this.size)));
    tree.append(batch);
    const head = { origin: 'bench.example/audit', size: tree.size, root: tree.root() };
    return signCheckpoint(head, this.key);
  }

  readonly read = (places: readonly TilePlace[]): Tile[] =>
    places.flatMap(({ level, index }) => {
      const hashes = this.levels[level]?.[index];
      return hashes ? { level, index, hashes } : [];
    });

  readonly nodes = () => readTiles(this.size, async (places) => this.read(places));

  private put(tiles: readonly Tile[]): void {
    for (const { level, index, hashes } of tiles) (this.levels[level] ??= [])[index] = hashes;
  }
}

function leaves(from: number, count: number): Buffer[] {
  const all = Buffer.alloc(count * HASH_BYTES);
  // One hash for 16 of them, told apart by their number: making them is not what is measured.
  for (let at = 0; at < count; at++) {
    if (at % 16 === 0)
      createHash('sha256')
        .update(String(from + at))
        .digest()
        .copy(all, at * HASH_BYTES);
    else all.copy(all, at * HASH_BYTES, (at - 1) * HASH_BYTES, at * HASH_BYTES);
    all.writeUInt32BE(from + at, at * HASH_BYTES);
  }
  return Array.from({ length: count }, (_, at) =>
    all.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

interface Costs {
  step: number;
  inclusion: number;
  consistency: number;
}

/** Medians in milliseconds. */
async function costs(log: TiledLog): Promise<Costs> {
  const batch = leaves(log.size, BATCH);
  const timed = async (act: () => unknown): Promise<number> => {
    const taken: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      const began = performance.now();
      await act();
      taken.push(performance.now() - began);
    }
    return median(taken);
  };
  return {
    step: await timed(() => log.step(batch)),
    inclusion: await timed(() => inclusionProof(randomInt(log.size), log.size, log.nodes())),
    consistency: await timed(() =>
      consistencyProof(1 + randomInt(log.size - 1), log.size, log.nodes()),
    ),
  };
}

const sum = ({ step, inclusion, consistency }: Costs): number => step + inclusion + consistency;
const words = ({ step, inclusion, consistency }: Costs): string =>
  `256 records ${step.toFixed(2)} ms, proof of a leaf ${inclusion.toFixed(2)} ms, ` +
  `of consistency ${consistency.toFixed(2)} ms`;

export const auditLogGrowth: Scenario = {
  id: 'A1',
  title:
    'The audit log with 10 million leaves against 10 thousand: a step of 256 records and two proofs',
  bar: `<= ${BAR}`,
  holds: (figure) => figure <= BAR,
  async measure(rounds): Promise<Measured> {
    const [small, large] = [new TiledLog(), new TiledLog()];
    small.fill(SMALL);
    large.fill(LARGE);
    await costs(small);
    const of: { small: Costs[]; large: Costs[] } = { small: [], large: [] };
    for (let round = 0; round < rounds; round++) {
      of.small.push(await costs(small));
      of.large.push(await costs(large));
    }
    const middle = (all: Costs[]): Costs =>
      all.sort((a, b) => sum(a) - sum(b))[Math.floor(all.length / 2)] as Costs;
    const [floor, product] = [middle(of.small), middle(of.large)];
    return {
      figure: sum(product) / sum(floor),
      unit: 'ratio',
      product: words(product),
      floor: words(floor),
    };
  },
};
