/** What the agent keeps of writes on its own machine, in its state folder. */
import { join } from 'node:path';
import { LocalWrites } from '#apps/agent/src/writes/local-writes.js';
import { OutcomeBox } from '#apps/agent/src/writes/outcome-box.js';
import type { WriteKeeping } from '#apps/agent/src/writes/site-writes.js';

export const openKeeping = (stateFolder: string): WriteKeeping => ({
  box: OutcomeBox.fromFolder(stateFolder),
  local: new LocalWrites(join(stateFolder, 'writes')),
});
