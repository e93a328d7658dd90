/** What this agent has seen of the broker's audit log, in `<state folder>/audit-witness.json`. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, syncFolder, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
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
    /** One was laid aside, and nobody has moved it away yet: trust began anew behind everybody's back. */
    readonly isDamaged: boolean,
  ) {
    this.path = WitnessFile.pathIn(stateFolder);
  }

  /** A damaged file is laid aside, `.damaged`: a practice's queries do not wait for it. It is told of until somebody moves it away. */
  static async open(stateFolder: string, log: EventLog): Promise<WitnessFile> {
    const path = WitnessFile.pathIn(stateFolder);
    const aside = `${path}.damaged`;
    const text = await readIfThere(path);
    const record = text === undefined ? undefined : readRecord(text);
    if (text !== undefined && !record) {
      await rename(path, aside);
      await syncFolder(stateFolder);
    }
    const isDamaged = (await readIfThere(aside)) !== undefined;
    if (isDamaged) log.write('audit-witness.damaged', {});
    return new WitnessFile(stateFolder, record, isDamaged);
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

/** Undefined for what is none: trust never begins anew from half a record. */
function readRecord(text: string): WitnessRecord | undefined {
  try {
    const record = JSON.parse(text) as WitnessRecord | null;
    const texts = [record?.logKey, record?.root, record?.signedCheckpoint];
    const isWhole = texts.every((one) => typeof one === 'string');
    return record && isWhole && Number.isSafeInteger(record.size) ? record : undefined;
  } catch {
    return undefined;
  }
}
