/**
 * Proofs that leaves are in the audit log, all under one head: the newest that witnesses have cosigned, where
 * that one is long enough, else the newest of all.
 */
import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { LogTiles } from '#apps/broker/src/audit/log-tiles.js';
import { signCheckpoint } from '#libs/audit/checkpoint.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { formatVerifierKey } from '#libs/audit/signed-note.js';
import { EMPTY_ROOT } from '#libs/audit/tree-hash.js';
import { consistencyProof, inclusionProofs } from '#libs/audit/tree-proofs.js';
import { witnessName } from '#libs/audit/witness-request.js';
import type { Database } from '#libs/db/schema.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

/** A head with the cosignatures that are known of it. */
export interface CosignedHead {
  size: number;
  /** Signed note. */
  checkpoint: string;
  /** Verifier keys of those who cosigned. */
  witnesses: string[];
}

/** A note is read up to 256 kB; that is far more than anybody asks for. */
const MOST_WITNESSES = 200;
const AT_ONCE = 256;

@Injectable()
export class ProveLeaves {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly tiles: LogTiles,
    private readonly key: LogKey,
  ) {}

  get verifierKey(): string {
    return formatVerifierKey(this.key.verifier);
  }

  /**
   * @param leaf number of the last leaf that is to be proven
   * @param practiceId whose agents come first, when there are many witnesses; absent: a head that somebody from
   *   outside has cosigned comes first
   * @returns undefined while no head has been signed over that leaf
   */
  async headOver(leaf: number, practiceId?: string): Promise<CosignedHead | undefined> {
    // A practice has an agent of its own to believe; to others somebody from outside says more than agents.
    const tables = ['audit_witnesses', 'outside_witnesses'] as const;
    for (const table of practiceId === undefined ? tables.toReversed() : tables) {
      const witnessed = await this.headWitnessed(table, leaf);
      if (witnessed)
        return this.withWitnesses(Number(witnessed.size), witnessed.signed, practiceId);
    }
    const newest = await this.database
      .selectFrom('audit_checkpoints')
      .select(['size', 'signed'])
      .where('size', '>', String(leaf))
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    return newest && { size: Number(newest.size), checkpoint: newest.signed, witnesses: [] };
  }

  private async headWitnessed(
    table: 'audit_witnesses' | 'outside_witnesses',
    leaf: number,
  ): Promise<{ size: string; signed: string } | undefined> {
    const { rows } = await sql<{ size: string; signed: string }>`
      select head.size, head.signed
      from ${sql.table(table)} as witness join audit_checkpoints as head on head.size = witness.size
      where head.size > ${leaf}::bigint and witness.cosignature is not null
      order by head.size desc limit 1`.execute(this.database);
    return rows[0];
  }

  /** Of the log before its first leaf, which every log continues. */
  emptyHead(): CosignedHead {
    const { origin, privateKey } = this.key;
    const checkpoint = signCheckpoint({ origin, size: 0, root: EMPTY_ROOT }, privateKey);
    return { size: 0, checkpoint, witnesses: [] };
  }

  /** Hashes from each leaf's sibling up to the root's child, in the order asked for. */
  async inclusion(leaves: readonly number[], size: number): Promise<Buffer[][]> {
    const read = readTiles(size, this.tiles.read);
    const proofs: Buffer[][] = [];
    for (let at = 0; at < leaves.length; at += AT_ONCE) {
      proofs.push(...(await inclusionProofs(leaves.slice(at, at + AT_ONCE), size, read)));
    }
    return proofs;
  }

  /** Of the leaves themselves, in the order asked for. */
  async hashes(leaves: readonly number[], size: number): Promise<Buffer[]> {
    const read = readTiles(size, this.tiles.read);
    const hashes: Buffer[] = [];
    for (let at = 0; at < leaves.length; at += AT_ONCE) {
      const part = leaves.slice(at, at + AT_ONCE);
      hashes.push(...(await read(part.map((index) => ({ level: 0, index })))));
    }
    return hashes;
  }

  /**
   * Heads that a practice's own agents cosigned last, the smallest first, each with the proof that the log of
   * `size` leaves continues it.
   */
  async cosignedBefore(
    size: number,
    practiceId: string,
    most: number,
  ): Promise<{ checkpoint: string; consistency: Buffer[] }[]> {
    const heads = await this.database
      .selectFrom('audit_witnesses as witness')
      .innerJoin('audit_checkpoints as head', 'head.size', 'witness.size')
      .innerJoin('agents as agent', 'agent.agent_id', 'witness.agent_id')
      .select(({ fn }) => [
        'head.size',
        'head.signed',
        fn.agg<string>('string_agg', ['witness.cosignature', sql.lit('')]).as('lines'),
      ])
      .where('agent.practice_id', '=', practiceId)
      .where('head.size', '<', String(size))
      .groupBy(['head.size', 'head.signed'])
      .orderBy('head.size', 'desc')
      .limit(most)
      .execute();
    const read = readTiles(size, this.tiles.read);
    return Promise.all(
      heads.reverse().map(async (head) => ({
        checkpoint: head.signed + head.lines,
        consistency: await consistencyProof(Number(head.size), size, read),
      })),
    );
  }

  private async withWitnesses(
    size: number,
    signed: string,
    practiceId: string | undefined,
  ): Promise<CosignedHead> {
    const rows = await this.database
      .selectFrom('audit_witnesses as witness')
      .innerJoin('agents as agent', 'agent.agent_id', 'witness.agent_id')
      .select(['agent.agent_id', 'agent.identity_public_key', 'witness.cosignature'])
      .where('witness.size', '=', String(size))
      .orderBy((eb) => eb('agent.practice_id', '=', practiceId ?? ''), 'desc')
      .orderBy('agent.agent_id')
      .limit(MOST_WITNESSES)
      .execute();
    const witnesses = rows.map((row) =>
      formatVerifierKey({
        name: witnessName(this.key.origin, row.agent_id),
        type: 'cosignature',
        publicKey: publicKeyFromRaw('ed25519', row.identity_public_key),
      }),
    );
    const outside = await this.database
      .selectFrom('outside_witnesses')
      .select(['verifier_key', 'cosignature'])
      .where('size', '=', String(size))
      .orderBy('verifier_key')
      .execute();
    const lines = [...rows, ...outside].map((row) => row.cosignature ?? '');
    return {
      ...{ size, checkpoint: signed + lines.join('') },
      witnesses: [...witnesses, ...outside.map((row) => row.verifier_key)],
    };
  }
}
