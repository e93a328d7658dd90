/** What an agent keeps of writes, for tests. */
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalWrites } from '#apps/agent/src/writes/local-writes.js';
import { OutcomeBox } from '#apps/agent/src/writes/outcome-box.js';
import type { WriteKeeping } from '#apps/agent/src/writes/site-writes.js';

/** @param folder made at the first write without a write journal */
export const aKeeping = (
  folder = join(tmpdir(), `conduit-writes-${randomUUID()}`),
): WriteKeeping => ({
  box: new OutcomeBox(randomBytes(32)),
  local: new LocalWrites(folder),
});
