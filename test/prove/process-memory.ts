/**
 * The memory of a process that runs, as Linux shows it to whoever may debug it: the same user, or a
 * parent where the kernel restricts that to descendants. The process stands still while it is read.
 * What is mapped from a file and cannot be written to is that file, and is left out.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { PieceSearch, type Leak } from '#test/support/leak-search.js';

export interface Region {
  from: number;
  to: number;
  /** `[heap]`, `[stack]`, a file, or nothing: what the program itself asked for. */
  name: string;
}

export interface MemorySearch {
  leaks: Leak[];
  bytesRead: number;
  /** Of regions that the kernel would not show; said, because nobody looked there. */
  bytesUnread: number;
}

const PIECE_BYTES = 4 * 1024 * 1024;
const MAP_LINE = /^([0-9a-f]+)-([0-9a-f]+) (r)(.).. \S+ \S+ (\d+) *(.*)$/;

/** @param maps the text of /proc/<pid>/maps */
export function readableRegions(maps: string): Region[] {
  return maps.split('\n').flatMap((line) => {
    const [, from, to, , write, inode, name = ''] = MAP_LINE.exec(line) ?? [];
    if (from === undefined || to === undefined) return [];
    const isFileAsItIs = inode !== '0' && write !== 'w';
    // The kernel's own pages, the same for every process.
    if (isFileAsItIs || /^\[(?:vvar|vdso|vsyscall)/.test(name)) return [];
    return [{ from: parseInt(from, 16), to: parseInt(to, 16), name }];
  });
}

/**
 * @param what the process is called in a finding
 * @throws Error when there is no such process, or the kernel does not let this one look
 */
export function searchMemory(what: string, pid: number, markers: readonly string[]): MemorySearch {
  // 0 and below are whole groups of processes, and would be made to stand still.
  if (!(pid > 1)) throw new Error('there is no such process');
  process.kill(pid, 'SIGSTOP');
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const result: MemorySearch = { leaks: [], bytesRead: 0, bytesUnread: 0 };
    const piece = Buffer.alloc(PIECE_BYTES);
    for (const region of readableRegions(readFileSync(`/proc/${pid}/maps`, 'utf8'))) {
      const search = new PieceSearch(`${what}, ${region.name || 'its own pages'}`, markers);
      for (let at = region.from; at < region.to; at += PIECE_BYTES) {
        const wanted = Math.min(PIECE_BYTES, region.to - at);
        const read = readPiece(memory, piece, wanted, at);
        result.bytesRead += read;
        result.bytesUnread += wanted - read;
        search.add(piece.subarray(0, read));
      }
      result.leaks.push(...search.leaks);
    }
    // Silence would look like a clean memory.
    if (result.bytesRead === 0) throw new Error('no byte of the process could be read');
    return result;
  } finally {
    closeSync(memory);
    process.kill(pid, 'SIGCONT');
  }
}

/** @returns how many bytes the kernel gave; it stops at a page that is not there */
function readPiece(memory: number, piece: Buffer, wanted: number, at: number): number {
  let read = 0;
  try {
    while (read < wanted) {
      const got = readSync(memory, piece, read, wanted - read, at + read);
      if (got === 0) break;
      read += got;
    }
  } catch {
    // EIO: not to be read at all.
  }
  return read;
}
