/** What an agent keeps of writes, for tests. */
import { randomBytes } from 'node:crypto';
import { LocalWrites } from '#apps/agent/src/writes/local-writes.js';
import { OutcomeBox } from '#apps/agent/src/writes/outcome-box.js';
import type { WriteKeeping } from '#apps/agent/src/writes/site-writes.js';

/** @param folder absent: nothing can be kept on disk */
export const aKeeping = (folder = '/dev/null/writes'): WriteKeeping => ({
  box: new OutcomeBox(randomBytes(32)),
  local: new LocalWrites(folder),
});
