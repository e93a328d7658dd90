/** For tests in which no page ever has to wait on a disk: there is none. */
import { SpoolFolder } from '#apps/agent/src/spool/spool-folder.js';

export const noDisk = (): SpoolFolder => SpoolFolder.emptied('/dev/null', 0);
