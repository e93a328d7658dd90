/** The log's tiles as they are stored. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import type { Tile, TilePlace } from '#libs/audit/tiles.js';
import type { Database } from '#libs/db/schema.js';

@Injectable()
export class LogTiles {
  constructor(private readonly database: Kysely<Database>) {}

  /** As long as they are by now; those that are not there are left out. */
  readonly read = (places: readonly TilePlace[]): Promise<Tile[]> =>
    readTileRows(this.database, places);
}

async function readTileRows(
  database: Kysely<Database>,
  places: readonly TilePlace[],
): Promise<Tile[]> {
  if (places.length === 0) return [];
  const rows = await database
    .selectFrom('audit_tiles')
    .selectAll()
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('level', 'tile_index'),
        'in',
        places.map(({ level, index }) => tuple(level, String(index))),
      ),
    )
    .execute();
  return rows.map((row) => ({
    level: row.level,
    index: Number(row.tile_index),
    hashes: row.hashes,
  }));
}
