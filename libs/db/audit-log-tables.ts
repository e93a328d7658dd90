/** The tables of the audit log, as Kysely sees them; libs/db/schema.ts has the records themselves. */
import type { ColumnType } from 'kysely';
import type { WitnessAlarm } from '#libs/contracts/link-messages.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Count = ColumnType<string, number | string, number | string>;

/** SQL: the leaf of a record `r` of `audit_records`, where `audit_leaves` is left-joined as `l` by seq; null while it waits. */
export const LEAF_OF_RECORD = 'coalesce(r.leaf_index, l.leaf_index)';

/** Records that are not in the log yet; a row comes by trigger with each. */
export interface AuditWaitingTable {
  seq: string;
}

/** One row: which log this is, and how far it has come. */
export interface AuditLogTable {
  only_one: ColumnType<boolean, boolean | undefined, never>;
  origin: string;
  /** Raw Ed25519. */
  public_key: Buffer;
  size: Count;
  root: Buffer;
}

/**
 * Of records that waited before they came into the log, and of those that were destroyed. All others have the number
 * in their own row.
 */
export interface AuditLeavesTable {
  leaf_index: Count;
  /** Of the record. */
  seq: Count;
}

/** C2SP tlog-tiles; the last one of each level grows. */
export interface AuditTilesTable {
  level: number;
  tile_index: Count;
  hashes: Buffer;
}

export interface AuditCheckpointsTable {
  size: Count;
  made_at: Timestamp;
  /** C2SP tlog-checkpoint with the log's signature alone. */
  signed: string;
}

export interface AuditWitnessesTable {
  agent_id: string;
  /** Of the checkpoint that it cosigned last. */
  size: Count | null;
  /** Signature line. */
  cosignature: string | null;
  cosigned_at: Timestamp | null;
  alarm: WitnessAlarm | null;
  alarmed_at: Timestamp | null;
  /** Somebody has looked; it stays until the agent cosigns again. */
  settled_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** Witnesses that are no agents: what each cosigned last. */
export interface OutsideWitnessesTable {
  verifier_key: string;
  size: Count;
  /** Signature line. */
  cosignature: string;
  cosigned_at: Timestamp;
}

export interface AuditLogTables {
  audit_waiting: AuditWaitingTable;
  audit_log: AuditLogTable;
  audit_leaves: AuditLeavesTable;
  audit_tiles: AuditTilesTable;
  audit_checkpoints: AuditCheckpointsTable;
  audit_witnesses: AuditWitnessesTable;
  outside_witnesses: OutsideWitnessesTable;
}
