/**
 * Where the database server keeps no write journal and the practice permits writes all the same: one
 * small file a write, on disk before the statement is sent and again with its sealed outcome. It is
 * not part of the database's transaction, so a write that was cut off stays unknown for ever.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { WriteIdentity } from '#apps/agent/src/writes/write-identity.js';

export interface LocalRecord {
  requestHash: Buffer;
  startedAtMs: number;
  endedAtMs?: number;
  /** Sealed; absent until the statement has ended. */
  outcome?: Buffer;
}

interface RecordFile {
  requestHash: string;
  startedAtMs: number;
  endedAtMs?: number;
  outcome?: string;
}

const NAME = /^[0-9a-f]{64}\.json$/;
const HOUR_MS = 3_600_000;

export class LocalWrites {
  /** @param folder made at the first write */
  constructor(private readonly folder: string) {}

  /** @throws ConduitError JOURNAL_UNAVAILABLE when it can't be told */
  async find(keyHash: Buffer): Promise<LocalRecord | undefined> {
    let file: RecordFile;
    try {
      const text = await readIfThere(this.path(keyHash));
      if (text === undefined) return undefined;
      file = JSON.parse(text) as RecordFile;
    } catch (error) {
      throw new ConduitError('JOURNAL_UNAVAILABLE', { cause: error });
    }
    const { requestHash, startedAtMs, endedAtMs, outcome } = file;
    return {
      requestHash: Buffer.from(requestHash, 'base64'),
      startedAtMs,
      ...(endedAtMs !== undefined && { endedAtMs }),
      ...(outcome !== undefined && { outcome: Buffer.from(outcome, 'base64') }),
    };
  }

  /** On disk when it resolves. @throws ConduitError JOURNAL_UNAVAILABLE */
  async start(identity: WriteIdentity): Promise<void> {
    await this.write(identity, { startedAtMs: Date.now() });
  }

  /** @throws ConduitError JOURNAL_UNAVAILABLE */
  async end(identity: WriteIdentity, startedAtMs: number, outcome: Buffer): Promise<void> {
    const ended = { startedAtMs, endedAtMs: Date.now(), outcome: outcome.toString('base64') };
    await this.write(identity, ended);
  }

  /** For a write that was provably not begun. */
  async forget(keyHash: Buffer): Promise<void> {
    await rm(this.path(keyHash), { force: true });
  }

  /** Removes what is older. Never rejects. */
  async purge(olderThanHours: number): Promise<void> {
    const oldestMs = Date.now() - olderThanHours * HOUR_MS;
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names.filter((each) => NAME.test(each))) {
      const path = join(this.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < oldestMs) await rm(path, { force: true }).catch(() => undefined);
    }
  }

  private async write(
    { keyHash, requestHash }: WriteIdentity,
    rest: Omit<RecordFile, 'requestHash'>,
  ): Promise<void> {
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const text = JSON.stringify({ requestHash: requestHash.toString('base64'), ...rest });
      await writeDurably(this.path(keyHash), text);
    } catch (error) {
      throw new ConduitError('JOURNAL_UNAVAILABLE', { cause: error });
    }
  }

  private path(keyHash: Buffer): string {
    return join(this.folder, `${keyHash.toString('hex')}.json`);
  }
}
