/**
 * The file that holds every grant document that counts, also those that ended: the memory that makes
 * a replay recognisable. Its text is examined anew at each start, like what comes from outside.
 */
import { join } from 'node:path';

import { ConduitError } from '#libs/errors/conduit-error.js';
import { firstWrongField, integer, object, oneOf, type Shape } from '#libs/grants/field-checks.js';
import type { SignedGrant } from '#libs/grants/grant.js';
import { isSignedGrant } from '#libs/grants/parse-grant.js';
import { readIfThere, writeDurably } from '#apps/agent/src/grants/durable-file.js';

export interface KeptGrant {
  signed: SignedGrant;
  /** The broker has said that it stored it. */
  acknowledged: boolean;
}

export interface KeptGrants {
  /** Highest epoch seen. */
  epoch: number;
  entries: KeptGrant[];
}

const entry = object({
  required: { signed: isSignedGrant, acknowledged: (value) => typeof value === 'boolean' },
});

const fileShape: Shape = {
  required: {
    version: oneOf([1]),
    epoch: integer(0, Number.MAX_SAFE_INTEGER),
    entries: (value) => Array.isArray(value) && value.every(entry),
  },
};

const pathIn = (stateFolder: string): string => join(stateFolder, 'grants.json');

const damaged = (): ConduitError =>
  new ConduitError('GRANT_STORE_DAMAGED', { facts: { reason: 'grants.json' } });

/** Whether anything can have been permitted here: the file is begun before there is an approver. */
async function hasApprover(stateFolder: string): Promise<boolean> {
  const texts = ['approver.key', 'approvers.json'].map((name) =>
    readIfThere(join(stateFolder, name)),
  );
  return (await Promise.all(texts)).some((text) => text !== undefined);
}

/**
 * @throws ConduitError GRANT_STORE_DAMAGED when the file is there but is not one of these, or is
 *   gone: without it what was revoked could be brought back
 */
export async function readGrantFile(stateFolder: string): Promise<KeptGrants> {
  const text = await readIfThere(pathIn(stateFolder));
  if (text === undefined) {
    if (await hasApprover(stateFolder)) throw damaged();
    return { epoch: 0, entries: [] };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (firstWrongField(value, fileShape) !== undefined) throw damaged();
  const { epoch, entries } = value as KeptGrants;
  return { epoch, entries };
}

/** Makes the empty file, to be called before the first approver is admitted. */
export async function beginGrantFile(stateFolder: string): Promise<void> {
  if ((await readIfThere(pathIn(stateFolder))) === undefined)
    await writeGrantFile(stateFolder, await readGrantFile(stateFolder));
}

export function writeGrantFile(stateFolder: string, kept: KeptGrants): Promise<void> {
  return writeDurably(pathIn(stateFolder), `${JSON.stringify({ version: 1, ...kept })}\n`);
}
