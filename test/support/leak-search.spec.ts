import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newMarker, searchBytes, searchFolder } from '#test/support/leak-search.js';

describe('leak search', () => {
  const marker = newMarker('Canary');
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leak-search-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const forms: [string, Buffer][] = [
    ['raw', Buffer.from(`row ${marker}!`)],
    ['UTF-16LE', Buffer.from(`row ${marker}!`, 'utf16le')],
    ['UTF-16BE', Buffer.from(`row ${marker}!`, 'utf16le').swap16()],
    ['hex', Buffer.from(Buffer.from(marker).toString('hex'))],
    ['HEX', Buffer.from(Buffer.from(marker).toString('hex').toUpperCase())],
    ['base64', Buffer.from(Buffer.from(`abc${marker}xyz`).toString('base64'))],
    ['base64+1', Buffer.from(Buffer.from(`a${marker}xyz`).toString('base64'))],
    ['base64+2', Buffer.from(Buffer.from(`ab${marker}xyz`).toString('base64'))],
  ];

  test.each(forms)('finds a marker planted as %s', async (form, bytes) => {
    expect(searchBytes('memory', bytes, [marker]).map((leak) => leak.form)).toContain(form);
    await writeFile(join(folder, 'sink'), bytes);
    const { leaks } = await searchFolder(folder, [marker]);
    expect(leaks.map((leak) => leak.form)).toContain(form);
  });

  test('finds a marker that straddles two reads of a large file', async () => {
    const edge = 4 * 1024 * 1024;
    await writeFile(
      join(folder, 'large'),
      Buffer.concat([Buffer.alloc(edge - 5), Buffer.from(marker), Buffer.alloc(edge)]),
    );
    expect((await searchFolder(folder, [marker])).leaks).toHaveLength(1);
  });

  test('finds nothing where nothing was planted', async () => {
    await writeFile(join(folder, 'clean'), newMarker('Other'));
    const found = await searchFolder(folder, [marker]);
    expect(found).toEqual({ leaks: [], filesRead: 1, bytesRead: 25 });
  });
});
