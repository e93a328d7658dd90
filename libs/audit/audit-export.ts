/**
 * What somebody takes away of audit logs to check it alone: records with their proofs, the checkpoints they
 * are proven under, and the keys. JSON in exactly one spelling, so that no bit of it can change unseen, with a
 * seal of who made it over all of it. The form alone: see verify-export.ts for what it is worth.
 */
export const AUDIT_EXPORT_FORMAT = 'conduit-audit-export/1';

/** What was asked for; absent: all. */
export interface ExportScope {
  practice?: string;
  site?: string;
  integrator?: string;
  /** ISO 8601 UTC with milliseconds, of the record's time: from this moment on. */
  from?: string;
  /** Up to and without. */
  to?: string;
}

export interface ExportedEntry {
  /** Number of the leaf. */
  index: number;
  /** The record's canonical text: the leaf itself. */
  record: string;
  /** From the leaf's sibling up to the root's child, under the log's checkpoint. */
  proof: Buffer[];
}

/** Records that were destroyed by the retention schedule, in one act. */
export interface ExportedDestruction {
  /** As the log's own record of the act names it (`requestId`). */
  id: string;
  /** And by which rule, e.g. `audit-record/1` (`filter`). */
  rule: string;
  /** ISO 8601 UTC with milliseconds: when it was done. */
  at: string;
  /** Times of the oldest and the newest record that went. */
  from: string;
  to: string;
  /** How many went; the leaves may be the first of them only. */
  records: number;
  /** What is left of them: by index, the lowest first. */
  leaves: { index: number; hash: Buffer; proof: Buffer[] }[];
}

export interface ExportedLog {
  kind: 'broker' | 'agent';
  /** Of an agent's log: whose. */
  agent?: string;
  /** C2SP signed-note's form of a key. */
  verifierKey: string;
  /** Signed note with all its cosignatures; the newest one. */
  checkpoint: string;
  /** By index, the lowest first. */
  entries: ExportedEntry[];
  /** In the order in which it was done. */
  destroyed?: ExportedDestruction[];
  /** By size, the smallest first, each with the proof that leads from it to the checkpoint. */
  earlier?: { checkpoint: string; consistency: Buffer[] }[];
  /** Says that every leaf from `from` up to and without `to` is in the entries. */
  complete?: { from: number; to: number };
}

export interface AuditExport {
  /** ISO 8601 UTC with milliseconds. */
  madeAt: string;
  scope: ExportScope;
  logs: ExportedLog[];
  witnesses?: { threshold: number; keys: string[] };
  /** Signed note of sealText() by the key of one of the logs. */
  seal?: string;
}

/** Everything but the seal, in the one order and spelling. */
function plainForm({ madeAt, scope, logs, witnesses }: AuditExport): object {
  const { practice, site, integrator, from, to } = scope;
  const base64 = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('base64'));
  return {
    format: AUDIT_EXPORT_FORMAT,
    madeAt,
    scope: { practice, site, integrator, from, to },
    logs: logs.map(({ kind, agent, verifierKey, checkpoint, entries, ...log }) => ({
      kind,
      agent,
      verifierKey,
      checkpoint,
      entries: entries.map(({ index, record, proof }) => ({ index, record, proof: base64(proof) })),
      destroyed: log.destroyed?.map(({ id, rule, at, from: oldest, to: newest, ...act }) => ({
        ...{ id, rule, at, from: oldest, to: newest, records: act.records },
        leaves: act.leaves.map(({ index, hash, proof }) => ({
          ...{ index, hash: hash.toString('base64'), proof: base64(proof) },
        })),
      })),
      earlier: log.earlier?.map((one) => ({
        checkpoint: one.checkpoint,
        consistency: base64(one.consistency),
      })),
      complete: log.complete && { from: log.complete.from, to: log.complete.to },
    })),
    witnesses: witnesses && { threshold: witnesses.threshold, keys: witnesses.keys },
  };
}

/** What the seal is over, as text: the export without its seal. */
export function unsealedText(auditExport: AuditExport): string {
  return JSON.stringify(plainForm(auditExport));
}

/** JSON without white space, ending in a line feed. Only this spelling is read again. */
export function formatAuditExport(auditExport: AuditExport): string {
  return `${JSON.stringify({ ...plainForm(auditExport), seal: auditExport.seal })}\n`;
}
