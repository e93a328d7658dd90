/** What this agent has seen of the broker's audit log, in `<state folder>/audit-witness.json`. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { WitnessAlarm } from '#libs/contracts/link-messages.js';

export interface WitnessRecord {
  /** The log's verifier key, the first that was told. */
  logKey: string;
  /** The last head that was found to continue all before it. Size 0: none was yet. */
  size: number;
  /** base64 */
  root: string;
  /** As the log signed it: what it cannot deny. */
  signedCheckpoint: string;
  alarm?: {
    what: WitnessAlarm;
    /** ISO 8601 UTC */
    at: string;
    /** What contradicts it, as it came. */
    logKey: string;
    signedCheckpoint: string;
  };
}

export class WitnessFile {
  private readonly path: string;

  private constructor(
    stateFolder: string,
    private kept: WitnessRecord | undefined,
  ) {
    this.path = WitnessFile.pathIn(stateFolder);
  }

  /** A damaged file is laid aside, `.damaged`: a practice's queries do not wait for it. */
  static async open(stateFolder: string): Promise<WitnessFile> {
    const path = WitnessFile.pathIn(stateFolder);
    const text = await readIfThere(path);
    try {
      const record = text === undefined ? undefined : (JSON.parse(text) as WitnessRecord);
      return new WitnessFile(stateFolder, record);
    } catch {
      await rename(path, `${path}.damaged`);
      return new WitnessFile(stateFolder, undefined);
    }
  }

  private static pathIn(stateFolder: string): string {
    return join(stateFolder, 'audit-witness.json');
  }

  get record(): WitnessRecord | undefined {
    return this.kept;
  }

  /** On disk when it resolves. */
  async keep(record: WitnessRecord): Promise<void> {
    await writeDurably(this.path, `${JSON.stringify(record, undefined, 2)}\n`);
    this.kept = record;
  }
}
