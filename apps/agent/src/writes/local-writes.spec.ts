import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LocalWrites } from '#apps/agent/src/writes/local-writes.js';

const identity = { keyHash: Buffer.alloc(32, 1), requestHash: Buffer.alloc(32, 2) };

let folder: string;
let writes: LocalWrites;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'conduit-local-')), 'writes');
  writes = new LocalWrites(folder);
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

describe('the record of writes on this machine', () => {
  test('knows a write from its start to its end, also in another process', async () => {
    expect(await writes.find(identity.keyHash)).toBeUndefined();
    await writes.start(identity);
    const again = new LocalWrites(folder);
    const started = await again.find(identity.keyHash);
    expect(started).toMatchObject({ requestHash: identity.requestHash });
    expect(started).not.toHaveProperty('outcome');
    await again.end(identity, 17, Buffer.from('sealed'));
    expect(await writes.find(identity.keyHash)).toMatchObject({
      startedAtMs: 17,
      endedAtMs: expect.any(Number),
      outcome: Buffer.from('sealed'),
    });
    await writes.forget(identity.keyHash);
    expect(await writes.find(identity.keyHash)).toBeUndefined();
  });

  test('that cannot be read or written lets nothing run', async () => {
    await writes.start(identity);
    writeFileSync(join(folder, `${identity.keyHash.toString('hex')}.json`), '{');
    const unavailable = { code: 'JOURNAL_UNAVAILABLE' };
    await expect(writes.find(identity.keyHash)).rejects.toMatchObject(unavailable);
    const nowhere = new LocalWrites('/dev/null/writes');
    await expect(nowhere.start(identity)).rejects.toMatchObject(unavailable);
  });

  test('loses what is old, and nothing else', async () => {
    const young = { ...identity, keyHash: Buffer.alloc(32, 3) };
    await writes.purge(1);
    await writes.start(identity);
    await writes.start(young);
    const longAgo = Date.now() / 1_000 - 49 * 3_600;
    writeFileSync(join(folder, 'somebody.txt'), '');
    for (const name of [`${identity.keyHash.toString('hex')}.json`, 'somebody.txt'])
      utimesSync(join(folder, name), longAgo, longAgo);
    await writes.purge(48);
    expect(readdirSync(folder).sort()).toEqual([
      `${young.keyHash.toString('hex')}.json`,
      'somebody.txt',
    ]);
  });
});
