/** The audit log as it is read: its newest head, the cosignatures under it, proofs out of its tiles. */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { consistencyProof, inclusionProofs, rootOf } from '#libs/audit/tree-proofs.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/** Of agents, and of witnesses from outside. */
function cosignatures(database: Kysely<Database>) {
  return database
    .selectFrom('audit_witnesses')
    .select(['agent_id as who', 'size', 'cosignature', 'cosigned_at'])
    .unionAll(
      database
        .selectFrom('outside_witnesses')
        .select(['verifier_key as who', 'size', 'cosignature', 'cosigned_at']),
    );
}

export interface SignedHead {
  size: number;
  /** With the log's signature alone. */
  signed: string;
}

/** A head that witnesses have seen is shown in place of the newest one for so long. */
const WITNESSED_MS = 60_000;

@Injectable()
export class ReadLog {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly tiles: LogTiles,
    private readonly clock: Clock,
  ) {}

  /** @returns undefined while there is no record at all */
  async newest(): Promise<SignedHead | undefined> {
    const head = await this.database
      .selectFrom('audit_checkpoints')
      .select(['size', 'signed'])
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    return head && { size: Number(head.size), signed: head.signed };
  }

  /**
   * What everybody may see: the newest head that a witness has cosigned, where there is one of the last minute,
   * with all its cosignatures; else the newest.
   */
  async shown(): Promise<string | undefined> {
    const since = new Date(this.clock.now() - WITNESSED_MS);
    const witnessed = await this.database
      .selectFrom(cosignatures(this.database).as('witness'))
      .innerJoin('audit_checkpoints as head', 'head.size', 'witness.size')
      .select(['head.size', 'head.signed'])
      .where('witness.cosigned_at', '>=', since)
      .orderBy('head.size', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!witnessed) return (await this.newest())?.signed;
    const lines = await this.database
      .selectFrom(cosignatures(this.database).as('witness'))
      .select('cosignature')
      .where('size', '=', witnessed.size)
      .orderBy('who')
      .execute();
    return witnessed.signed + lines.map(({ cosignature }) => cosignature ?? '').join('');
  }

  /** @throws RangeError unless 0 ≤ index < size ≤ the log's size */
  inclusions(indexes: readonly number[], size: number): Promise<Buffer[][]> {
    return inclusionProofs(indexes, size, readTiles(size, this.tiles.read));
  }

  /** A few tiles' reading, however long the log is. @returns undefined: it has no so many leaves yet */
  async rootAt(size: number): Promise<Buffer | undefined> {
    const log = await this.database.selectFrom('audit_log').select('size').executeTakeFirst();
    if (size > Number(log?.size ?? 0)) return undefined;
    return rootOf(size, readTiles(size, this.tiles.read));
  }

  /** @throws RangeError unless 0 ≤ from ≤ to ≤ the log's size */
  consistency(from: number, to: number): Promise<Buffer[]> {
    return consistencyProof(from, to, readTiles(to, this.tiles.read));
  }
}
