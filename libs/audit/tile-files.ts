/**
 * Tiles in files, where C2SP tlog-tiles has them; one that still grows is under the name of the full one.
 * A tile is written over what it was, which it begins with: torn by a crash, it still holds every hash
 * that it held before.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { tilePath, type Tile, type TilePlace } from '#libs/audit/tiles.js';
import { HASH_BYTES } from '#libs/audit/tree-hash.js';

export class TileFiles {
  constructor(private readonly folder: string) {}

  /** As long as they are by now; those that are not there are left out. */
  readonly read = async (places: readonly TilePlace[]): Promise<Tile[]> => {
    const found = await Promise.all(places.map((place) => this.readOne(place)));
    return found.filter((tile) => tile !== undefined);
  };

  /** On disk when it resolves. */
  async write(tiles: readonly Tile[]): Promise<void> {
    const folders = new Set<string>();
    for (const { level, index, hashes } of tiles) {
      const path = this.pathOf({ level, index });
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      folders.add(dirname(path));
      // 'a' would not write from the start, 'w' would empty the file first.
      const file = await open(path, 'r+', 0o600).catch(() => open(path, 'w+', 0o600));
      try {
        await file.write(hashes, 0, hashes.length, 0);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    for (const folder of folders) await syncName(folder);
  }

  private async readOne(place: TilePlace): Promise<Tile | undefined> {
    const file = await open(this.pathOf(place), 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!file) return undefined;
    try {
      const bytes = await file.readFile();
      const whole = bytes.length - (bytes.length % HASH_BYTES);
      return { level: place.level, index: place.index, hashes: bytes.subarray(0, whole) };
    } finally {
      await file.close();
    }
  }

  private pathOf({ level, index }: TilePlace): string {
    return join(this.folder, ...tilePath(level, index).split('/'));
  }
}

/** A new file's name must survive a crash too. Windows has no such call for folders. */
async function syncName(folder: string): Promise<void> {
  const directory = await open(folder, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}
