import { settle } from '#test/support/settle.js';
import type { TransientStore } from '#apps/broker/src/transient/transient-store.js';

/** A store is opened without waiting; a test that uses it at once waits here. */
export async function untilReady(store: TransientStore): Promise<TransientStore> {
  await settle('the store is there', 10_000, () => store.isThere || undefined);
  return store;
}
