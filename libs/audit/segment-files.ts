/** The numbered NDJSON files that audit records are in, as they are found and read. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT = /^(\d{8})\.ndjson$/;

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(8, '0')}.ndjson`);
}

/** The oldest first; none where there is no such folder. */
export async function segmentNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Whole lines, without their line feeds; what follows the last line feed is being written, or torn. */
export async function readSegment(folder: string, number: number): Promise<string[]> {
  const text = await readFile(segmentPath(folder, number), 'utf8');
  return text.split('\n').slice(0, -1);
}
