import { expect, test } from '@jest/globals';
import type { Kysely, Selectable } from 'kysely';
import { KeyBook } from '#apps/broker/src/access/key-book.js';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import type { ApiKeysTable, Database } from '#libs/db/schema.js';

/** A store of one key, where reading everything can be held back after it has looked. */
class SlowStore {
  row: Partial<Selectable<ApiKeysTable> & { is_frozen: boolean }> = {
    key_id: 'key-1',
    integrator_id: 'integrator-1',
    secret_hmac: Buffer.alloc(32),
    site_ids: [],
    address_ranges: [],
    expires_at: null,
    revoked_at: null,
  };
  held: Promise<void> | undefined;

  asKysely(): Kysely<Database> {
    const execute = async () => {
      const rows = [this.row];
      await this.held;
      return rows;
    };
    const where = () => ({ executeTakeFirst: () => Promise.resolve(this.row) });
    const rows = { selectAll: () => rows, select: () => rows, execute, where };
    return { selectFrom: () => rows } as unknown as Kysely<Database>;
  }
}

test('a reading that began before a revocation does not bring the key back', async () => {
  const store = new SlowStore();
  const book = new KeyBook(store.asKysely(), new MemoryBroadcast(), new MemoryEventLog());
  await book.onModuleInit();
  try {
    expect(book.find('key-1')?.revoked).toBe(false);
    let letGo: () => void = () => undefined;
    store.held = new Promise((resolve) => (letGo = resolve));
    const old = book.refresh();
    await new Promise(setImmediate);
    store.row = { ...store.row, revoked_at: new Date() };
    const reloaded = book.reload('key-1');
    await new Promise(setImmediate);
    letGo();
    await Promise.all([old, reloaded]);
    expect(book.find('key-1')?.revoked).toBe(true);
  } finally {
    book.onModuleDestroy();
  }
});
