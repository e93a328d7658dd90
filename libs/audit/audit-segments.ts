/**
 * Audit records in files: numbered NDJSON segments that only grow. Each line holds the canonical
 * text of one record and its RFC 6962 leaf hash, so that a line can be checked by itself and the
 * lines make the leaves of a Merkle log. A line torn by a crash is cut off when the folder is opened.
 */
import { mkdir, open, stat, unlink, type FileHandle } from 'node:fs/promises';

import { segmentNumbers, segmentPath } from '#libs/audit/segment-files.js';

const TAIL_BYTES = 65_536;

export interface SegmentOptions {
  /** A segment that has reached this size is closed and the next begun. */
  maxSegmentBytes?: number;
}

/** Bytes up to and with the last line feed: what a crash left whole. */
async function wholeBytes(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(TAIL_BYTES);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - TAIL_BYTES);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** Writes one folder of segments. Not safe for two writers; calls must not overlap. */
export class AuditSegments {
  /** Behind `size` there may be what an append left that failed. */
  private isUntidy = false;

  private constructor(
    private readonly folder: string,
    private readonly maxSegmentBytes: number,
    private number: number,
    private file: FileHandle,
    private size: number,
  ) {}

  /** Opens the folder, making it when it is missing, and mends its last segment. */
  static async open(folder: string, options: SegmentOptions = {}): Promise<AuditSegments> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const number = (await segmentNumbers(folder)).at(-1) ?? 1;
    const file = await AuditSegments.openSegment(folder, number);
    const { size } = await file.stat();
    const whole = await wholeBytes(file, size);
    if (whole < size) await file.truncate(whole);
    return new AuditSegments(folder, options.maxSegmentBytes ?? 16_777_216, number, file, whole);
  }

  private static async openSegment(folder: string, number: number): Promise<FileHandle> {
    const path = segmentPath(folder, number);
    // 'a+' appends whatever the position, and lets the tail be read.
    const file = await open(path, 'a+', 0o600);
    // The name itself must survive a crash too. Windows has no such call for folders.
    const directory = await open(folder, 'r').catch(() => undefined);
    await directory?.sync().catch(() => undefined);
    await directory?.close();
    return file;
  }

  /**
   * Appends lines and waits until they are on disk (fsync).
   * @throws the system's error; then nothing of the lines is kept
   */
  async append(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.isUntidy) await this.tidy();
    if (this.size >= this.maxSegmentBytes) await this.next();
    const bytes = Buffer.from(lines.join(''));
    try {
      await this.file.appendFile(bytes);
      await this.file.datasync();
    } catch (error) {
      // A full disk may have taken half of it; the next append must not continue that.
      this.isUntidy = true;
      await this.tidy().catch(() => undefined);
      throw error;
    }
    this.size += bytes.length;
  }

  private async tidy(): Promise<void> {
    await this.file.truncate(this.size);
    this.isUntidy = false;
  }

  private async next(): Promise<void> {
    const file = await AuditSegments.openSegment(this.folder, this.number + 1);
    await this.file.close();
    this.file = file;
    this.number += 1;
    this.size = (await file.stat()).size;
  }

  /**
   * Removes whole segments that were written for the last time before `beforeMs`, the oldest first up to
   * the first that is younger; never the one that is being written.
   * @returns how many went
   */
  async prune(beforeMs: number): Promise<number> {
    const older = (await segmentNumbers(this.folder)).filter((number) => number < this.number);
    let gone = 0;
    for (const number of older) {
      const path = segmentPath(this.folder, number);
      if ((await stat(path)).mtimeMs >= beforeMs) break;
      await unlink(path);
      gone += 1;
    }
    return gone;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
