/** Numbered lines of the journal, as they are found on disk. */
import { readFile, stat, utimes } from 'node:fs/promises';

import { writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { numberLine, parseAuditLine, type AuditLine } from '#libs/audit/audit-line.js';
import { readSegment, segmentNumbers, segmentPath } from '#libs/audit/segment-files.js';

export type NumberedLine = AuditLine & { n: number };

/**
 * Lines of a version that gave them no numbers get theirs, from 0 in the oldest segment that is kept. A
 * segment is replaced as a whole and keeps its age, so this may be cut off anywhere and begun again.
 */
export async function numberOldLines(folder: string): Promise<void> {
  const segments = await segmentNumbers(folder);
  // Numbered from the oldest on: when the newest is, all are.
  for (const number of [...segments].reverse()) {
    const [first] = await readSegment(folder, number);
    if (first === undefined) continue;
    if (isNumbered(first)) return;
    break;
  }
  let next = 0;
  for (const number of segments) {
    const lines = await readSegment(folder, number);
    if (lines[0] !== undefined && !isNumbered(lines[0]))
      await replaceLines(
        segmentPath(folder, number),
        lines.map((line, at) => numberLine(line, next + at)),
      );
    next += lines.length;
  }
}

const isNumbered = (line: string): boolean => parseAuditLine(line)?.n !== undefined;

async function replaceLines(path: string, lines: readonly string[]): Promise<void> {
  const { atime, mtime } = await stat(path);
  await writeDurably(path, `${lines.join('\n')}\n`);
  await utimes(path, atime, mtime);
}

/** Lines from this number on; read backwards, so that a long history costs nothing. */
export async function readNumberedFrom(folder: string, from: number): Promise<NumberedLine[]> {
  const found: NumberedLine[][] = [];
  for (const number of (await segmentNumbers(folder)).reverse()) {
    const lines = (await readSegment(folder, number)).flatMap((text) => {
      const line = parseAuditLine(text);
      return line?.n === undefined ? [] : [line as NumberedLine];
    });
    found.push(lines.filter(({ n }) => n >= from));
    const first = lines[0]?.n;
    if (first !== undefined && first <= from) break;
  }
  return found.reverse().flat();
}

/**
 * All numbered lines that are still kept, a segment at a time.
 * @param sinceMs leaves out segments that were written for the last time before then: a history of years
 * is not read for the last day of it
 */
export async function* readNumbered(
  folder: string,
  sinceMs = -Infinity,
): AsyncGenerator<NumberedLine[]> {
  for (const number of await segmentNumbers(folder)) {
    const written = await stat(segmentPath(folder, number)).catch(() => undefined);
    if (written && written.mtimeMs < sinceMs) continue;
    // Retention may have taken it meanwhile.
    const text = await readFile(segmentPath(folder, number), 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    yield lines.flatMap((one) => {
      const line = parseAuditLine(one);
      return line?.n === undefined ? [] : [line as NumberedLine];
    });
  }
}
