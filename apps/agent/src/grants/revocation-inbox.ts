/**
 * Revocations signed while the agent was not running: each a file of its own, dropped whole into a
 * folder that the agent empties at its start and each second. So the store's own file has one writer.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { writeDurably } from '#apps/agent/src/grants/durable-file.js';
import type { GrantStore } from '#apps/agent/src/grants/grant-store.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.json$/;
const lookMs = 1_000;

const folderIn = (stateFolder: string): string => join(stateFolder, 'revocations');

/** Leaves a signed revocation for the agent to find. */
export async function leaveRevocation(
  stateFolder: string,
  grant: Grant,
  signed: SignedGrant,
): Promise<void> {
  await mkdir(folderIn(stateFolder), { recursive: true, mode: 0o700 });
  await writeDurably(join(folderIn(stateFolder), `${grant.grantId}.json`), JSON.stringify(signed));
}

/** What lies there unread. */
export async function waitingRevocations(
  stateFolder: string,
): Promise<{ path: string; candidate: unknown }[]> {
  const folder = folderIn(stateFolder);
  const names = await readdir(folder).catch(() => []);
  return Promise.all(
    names
      .filter((name) => NAME.test(name))
      .map(async (name) => {
        const path = join(folder, name);
        const text = await readFile(path, 'utf8');
        return { path, candidate: parsed(text) };
      }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class RevocationInbox {
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly stateFolder: string,
    private readonly store: GrantStore,
  ) {}

  /** Begins with what lies there already: once this resolves it counts. */
  async start(): Promise<void> {
    await this.empty();
    this.timer ??= setInterval(() => void this.empty(), lookMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.reading;
  }

  private empty(): Promise<void> {
    this.reading ??= this.take()
      .catch(() => undefined)
      .finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async take(): Promise<void> {
    for (const { path, candidate } of await waitingRevocations(this.stateFolder)) {
      const done = await this.store.admit(candidate, false).then(
        () => true,
        // A refusal is journalled, and keeping the file would only refuse it again. A full disk is no
        // refusal: the revocation waits.
        (error: unknown) => error instanceof ConduitError,
      );
      if (done) await rm(path, { force: true });
    }
  }
}
