/**
 * Looks for planted markers wherever bytes could have come to rest, in every form a careless program
 * might have left them: raw, UTF-16, hex, base64 in its three phases.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Leak {
  where: string;
  marker: string;
  form: string;
}

interface Needle {
  marker: string;
  form: string;
  bytes: Buffer;
}

/** A word that occurs nowhere by chance; starts with a letter, so that it can name a column. */
export function newMarker(purpose: string): string {
  return `Zz${purpose}${randomBytes(9).toString('hex')}`;
}

/** The part of a base64 text that is the same whatever surrounds the marker at the given phase. */
function base64Phase(marker: string, phase: 0 | 1 | 2): string {
  const text = Buffer.concat([Buffer.alloc(phase), Buffer.from(marker)]).toString('base64');
  const firstWhole = phase === 0 ? 0 : 4;
  const wholeGroups = Math.floor((phase + Buffer.byteLength(marker)) / 3) * 4;
  return text.slice(firstWhole, wholeGroups);
}

function needles(markers: string[]): Needle[] {
  return markers.flatMap((marker) => {
    const raw = Buffer.from(marker);
    const forms: [string, Buffer][] = [
      ['raw', raw],
      ['UTF-16LE', Buffer.from(marker, 'utf16le')],
      ['UTF-16BE', Buffer.from(marker, 'utf16le').swap16()],
      ['hex', Buffer.from(raw.toString('hex'))],
      ['HEX', Buffer.from(raw.toString('hex').toUpperCase())],
      ['base64', Buffer.from(base64Phase(marker, 0))],
      ['base64+1', Buffer.from(base64Phase(marker, 1))],
      ['base64+2', Buffer.from(base64Phase(marker, 2))],
    ];
    return forms.map(([form, bytes]) => ({ marker, form, bytes }));
  });
}

/** Searches one piece of memory. */
export function searchBytes(where: string, bytes: Buffer, markers: string[]): Leak[] {
  return needles(markers)
    .filter((needle) => bytes.includes(needle.bytes))
    .map(({ marker, form }) => ({ where, marker, form }));
}

async function searchFile(path: string, wanted: Needle[]): Promise<Leak[]> {
  const overlap = Math.max(...wanted.map(({ bytes }) => bytes.length)) - 1;
  const found = new Map<string, Leak>();
  let tail = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 })) {
    const window = Buffer.concat([tail, chunk as Buffer]);
    for (const { marker, form, bytes } of wanted) {
      if (window.includes(bytes)) found.set(`${marker}${form}`, { where: path, marker, form });
    }
    tail = window.subarray(Math.max(0, window.length - overlap));
  }
  return [...found.values()];
}

/**
 * Searches every file below a folder.
 * @param except path prefixes that are not searched, e.g. the PMS database itself
 * @returns the leaks and how many files were read, so that a test can see that it looked at all
 */
export async function searchFolder(
  folder: string,
  markers: string[],
  except: string[] = [],
): Promise<{ leaks: Leak[]; filesRead: number }> {
  const wanted = needles(markers);
  const leaks: Leak[] = [];
  let filesRead = 0;
  const walk = async (directory: string): Promise<void> => {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (except.some((prefix) => path.startsWith(prefix))) continue;
      const facts = await stat(path).catch(() => undefined);
      if (facts?.isDirectory()) await walk(path);
      if (!facts?.isFile()) continue;
      // What is searched may be at work: a file that went in between holds nothing.
      const found = await searchFile(path, wanted).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (!found) continue;
      leaks.push(...found);
      filesRead += 1;
    }
  };
  await walk(folder);
  return { leaks, filesRead };
}
