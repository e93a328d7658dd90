/** A part of the agent's own log to be taken away: whole from its first leaf to its last, with proofs. */
import { readIfThere } from '#apps/agent/src/grants/durable-file.js';
import { checkpointFile } from '#apps/agent/src/journal/agent-log.js';
import { readNumbered } from '#apps/agent/src/journal/numbered-lines.js';
import type { AuditExport, ExportedEntry, ExportedLog } from '#libs/audit/audit-export.js';
import { openCheckpoint } from '#libs/audit/checkpoint.js';
import { readTiles } from '#libs/audit/read-tiles.js';
import { readRecord } from '#libs/audit/reconcile.js';
import { formatVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { TileFiles } from '#libs/audit/tile-files.js';
import type { Tile, TilePlace } from '#libs/audit/tiles.js';
import { inclusionProof } from '#libs/audit/tree-proofs.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface JournalSpan {
  /** Milliseconds since the epoch; without `untilMs`. */
  sinceMs: number;
  untilMs: number;
}

/**
 * From the first record of the span to its last, none left out. Only what is signed by now.
 * @throws ConduitError JOURNAL_UNAVAILABLE when there is no head of this log, or its tiles are damaged
 */
export async function exportJournal(
  folder: string,
  agentId: string,
  key: NoteKey,
  { sinceMs, untilMs }: JournalSpan,
  nowMs: number,
): Promise<AuditExport> {
  const checkpoint = (await readIfThere(checkpointFile(folder))) ?? '';
  const head = openCheckpoint(checkpoint, key)?.checkpoint;
  if (!head) throw new ConduitError('JOURNAL_UNAVAILABLE', { facts: { reason: 'checkpoint' } });
  const all: { index: number; record: string; isWanted: boolean }[] = [];
  for await (const lines of readNumbered(folder, sinceMs)) {
    for (const { n: index, record } of lines) {
      const atMs = Date.parse(readRecord(record)?.ts ?? '');
      const isWanted = atMs >= sinceMs && atMs < untilMs;
      if (index < head.size && (isWanted || all.length > 0)) all.push({ index, record, isWanted });
    }
  }
  const chosen = all.slice(0, all.findLastIndex(({ isWanted }) => isWanted) + 1);
  const nodes = readTiles(head.size, remembering(new TileFiles(folder).read));
  const entries: ExportedEntry[] = [];
  for (const { index, record } of chosen) {
    const proof = await inclusionProof(index, head.size, nodes).catch((cause: unknown) => {
      throw new ConduitError('JOURNAL_UNAVAILABLE', { cause, facts: { reason: 'tiles' } });
    });
    entries.push({ index, record, proof });
  }
  const [first] = entries;
  const log: ExportedLog = {
    kind: 'agent',
    ...{ agent: agentId, verifierKey: formatVerifierKey(key), checkpoint, entries },
    ...(first && { complete: { from: first.index, to: first.index + entries.length } }),
  };
  return { madeAt: new Date(nowMs).toISOString(), scope: scopeOf(sinceMs, untilMs), logs: [log] };
}

function scopeOf(sinceMs: number, untilMs: number): AuditExport['scope'] {
  return {
    ...(Number.isFinite(sinceMs) && { from: new Date(sinceMs).toISOString() }),
    ...(Number.isFinite(untilMs) && { to: new Date(untilMs).toISOString() }),
  };
}

/** Reads each tile once: neighbours have most of their proofs in common. */
function remembering(read: (places: readonly TilePlace[]) => Promise<Tile[]>): typeof read {
  const kept = new Map<string, Tile>();
  const nameOf = ({ level, index }: TilePlace): string => `${level}/${index}`;
  return async (places) => {
    const missing = places.filter((place) => !kept.has(nameOf(place)));
    for (const tile of await read(missing)) kept.set(nameOf(tile), tile);
    return places.flatMap((place) => kept.get(nameOf(place)) ?? []);
  };
}
