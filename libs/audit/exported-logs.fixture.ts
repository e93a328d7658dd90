/** Logs for tests that make exports: real keys, trees, checkpoints and cosignatures, few records. */
import { sign } from 'node:crypto';
import type { AuditExport, ExportedLog, ExportScope } from '#libs/audit/audit-export.js';
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { checkpointText, signCheckpoint, type Checkpoint } from '#libs/audit/checkpoint.js';
import { cosign, type Cosigner } from '#libs/audit/cosignature.js';
import { sealExport } from '#libs/audit/export-seal.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { formatVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { consistencyProof, inclusionProof } from '#libs/audit/tree-proofs.js';
import { ed25519FromSeed } from '#libs/pki/keys.js';

export const madeAt = '2026-03-01T12:00:00.000Z';

export const keysOf = (seed: number) => ed25519FromSeed(Buffer.alloc(32, seed));

export function aWitness(seed: number): { key: NoteKey; cosigner: Cosigner } {
  const { publicKey, privateKey } = keysOf(seed);
  const name = `log.example/audit/witness/agent-${seed}`;
  return {
    key: { name, type: 'cosignature', publicKey },
    cosigner: { name, publicKey, sign: (message) => sign(null, message, privateKey) },
  };
}

/** One of the practice's queries; the minute of the day is its number. */
export function aRecord(minute: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ts: new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString(),
    salt: Buffer.alloc(16, minute).toString('base64url'),
    type: 'query.executed',
    practice: 'practice-1',
    site: 'site-1',
    integrator: 'integrator-1',
    queryId: `query-${minute}`,
    lane: 'immediate',
    mode: 'reader',
    outcome: 'successful',
    rowsBucket: '<=10',
    ...more,
  };
}

export interface LogToExport {
  kind?: 'broker' | 'agent';
  seed?: number;
  /** All of the log's leaves. */
  records: AuditRecord[];
  /** Leaf numbers to export; absent: all. */
  only?: number[];
  witnesses?: Cosigner[];
  /** Sizes of earlier checkpoints. */
  earlier?: number[];
  complete?: { from: number; to: number };
  /** Leaf numbers whose records are gone, and the act that the log says did it. */
  destroyed?: { id: string; leaves: number[] };
}

/** The log's own record that so many were destroyed. */
export const aDestruction = (minute: number, id: string, count: number): AuditRecord => ({
  ts: new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString(),
  ...{ type: 'records.destroyed', practice: 'practice-1', requestId: id, count },
  ...{ reason: 'audit-record', filter: 'audit-record/1' },
});

export async function anExportedLog(order: LogToExport): Promise<ExportedLog> {
  const { kind = 'broker', seed = 1, records, only, witnesses = [], earlier = [] } = order;
  const origin = originOf(kind);
  const { publicKey, privateKey } = keysOf(seed);
  const texts = records.map((record) => auditLeaf(record));
  const leaves = texts.map((text) => textLeafHash(text));
  const headOf = (size: number): Checkpoint => {
    const tree = GrowingTree.empty();
    tree.append(leaves.slice(0, size));
    return { origin, size, root: tree.root() };
  };
  const tiles = GrowingTree.empty().append(leaves);
  const read = readTiles(leaves.length, () => Promise.resolve(tiles));
  const head = headOf(leaves.length);
  const seconds = Date.parse(madeAt) / 1_000 - 60;
  const lines = witnesses.map((witness) => cosign(checkpointText(head), witness, seconds));
  const indexes = only ?? leaves.map((_, index) => index);
  return {
    kind,
    ...(kind === 'agent' && { agent: 'agent-9' }),
    verifierKey: formatVerifierKey({ name: origin, type: 'ed25519', publicKey }),
    checkpoint: signCheckpoint(head, privateKey) + lines.join(''),
    entries: await Promise.all(
      indexes.map(async (index) => ({
        index,
        record: texts[index] ?? '',
        proof: await inclusionProof(index, leaves.length, read),
      })),
    ),
    ...(order.destroyed && {
      destroyed: [
        {
          ...{ id: order.destroyed.id, rule: 'audit-record/1', at: '2026-03-01T00:30:00.000Z' },
          ...{ from: '2026-03-01T00:01:00.000Z', to: '2026-03-01T00:03:00.000Z' },
          records: order.destroyed.leaves.length,
          leaves: await Promise.all(
            order.destroyed.leaves.map(async (index) => ({
              ...{ index, hash: leaves[index] as Buffer },
              proof: await inclusionProof(index, leaves.length, read),
            })),
          ),
        },
      ],
    }),
    ...(earlier.length > 0 && {
      earlier: await Promise.all(
        earlier.map(async (size) => ({
          checkpoint: signCheckpoint(headOf(size), privateKey),
          consistency: await consistencyProof(size, leaves.length, read),
        })),
      ),
    }),
    ...(order.complete && { complete: order.complete }),
  };
}

const originOf = (kind: 'broker' | 'agent'): string =>
  kind === 'broker' ? 'log.example/audit' : 'log.example/agent/agent-9/audit';

/** Sealed by the key of its first log, of that seed. */
export function sealed(
  logs: ExportedLog[],
  {
    scope = {},
    seed = 1,
    ...more
  }: { scope?: ExportScope; seed?: number } & Partial<AuditExport> = {},
): AuditExport {
  const name = originOf(logs[0]?.kind ?? 'broker');
  return sealExport({ madeAt, scope, logs, ...more }, name, keysOf(seed).privateKey);
}
