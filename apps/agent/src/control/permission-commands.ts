/**
 * Commands over what was permitted. They only show or stop things, so they work without a running
 * agent too: the pause flag is a file, and a revocation is left for the agent to find.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import type { Command } from '#apps/agent/src/control/command-line.js';
import { askAgent, orOffline } from '#apps/agent/src/control/control-client.js';
import { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { readGrantFile } from '#apps/agent/src/grants/grant-file.js';
import { summarise, type GrantSummary } from '#apps/agent/src/grants/grant-summary.js';
import { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { Signed } from '#apps/agent/src/grants/practice-decisions.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import { leaveRevocation, waitingRevocations } from '#apps/agent/src/grants/revocation-inbox.js';

/** Documents on disk, newest of each grant, revocations that wait included. */
async function grantsOnDisk(
  stateFolder: string,
): Promise<{ grant: Grant; acknowledged: boolean }[]> {
  const { entries } = await readGrantFile(stateFolder);
  const waiting = await waitingRevocations(stateFolder);
  const texts = [
    ...entries.map(({ signed, acknowledged }) => ({ document: signed.document, acknowledged })),
    ...waiting.map(({ candidate }) => ({
      document: (candidate as { document?: string } | undefined)?.document ?? '',
      acknowledged: false,
    })),
  ];
  const newest = new Map<string, { grant: Grant; acknowledged: boolean }>();
  for (const { document, acknowledged } of texts) {
    const reading = parseGrant(document);
    if (!reading.ok) continue;
    const known = newest.get(reading.grant.grantId);
    if (!known || known.grant.seq < reading.grant.seq)
      newest.set(reading.grant.grantId, { grant: reading.grant, acknowledged });
  }
  return [...newest.values()];
}

/** All that was ever permitted here, what has ended too. */
export function permittedHere(stateFolder: string): Promise<{ grants: GrantSummary[] }> {
  return orOffline(askAgent<{ grants: GrantSummary[] }>(stateFolder, 'GET /grants'), async () => ({
    grants: summarise(await grantsOnDisk(stateFolder), Date.now()),
  }));
}

function summaryLines(summary: GrantSummary): string[] {
  const published = summary.published ? '' : ', not yet known to the broker';
  return [
    `${summary.grantId}  ${summary.state}${published}`,
    ...summary.lines.map((line) => `  ${line}`),
  ];
}

const grants: Command = {
  summary: 'list what was permitted and whether it is in force',
  async run({ stateFolder }) {
    const answer = await permittedHere(stateFolder);
    const lines = answer.grants.flatMap(summaryLines);
    return { json: answer, lines: lines.length === 0 ? ['Nothing is permitted.'] : lines };
  },
};

async function revokeOnDisk(stateFolder: string, grantId: string): Promise<Signed> {
  const held = (await grantsOnDisk(stateFolder)).find(({ grant }) => grant.grantId === grantId);
  if (!held) throw new ConduitError('GRANT_NOT_FOUND');
  if (held.grant.revoked) return { grantId, seq: held.grant.seq, published: held.acknowledged };
  const approvers = await ApproverStore.open(stateFolder);
  const { approverId, privateKey } = await approvers.local();
  const grant = revocationOf(held.grant);
  await leaveRevocation(stateFolder, grant, signGrant(grant, approverId, privateKey));
  return { grantId, seq: grant.seq, published: false };
}

const revoke: Command = {
  summary: 'end a permission now; what runs under it is stopped',
  arguments: ['GRANT'],
  async run({ stateFolder, arguments: [grantId = ''] }) {
    const done = await orOffline(
      askAgent<Signed>(stateFolder, 'POST /revocations', { grantId }),
      () => revokeOnDisk(stateFolder, grantId),
    );
    return {
      json: done,
      lines: [
        `Revoked: ${grantId}`,
        ...(done.published ? [] : ['The broker will be told when the link is up.']),
      ],
    };
  },
};

/** Makes a running agent look at once; without one the file alone does it. */
async function look(stateFolder: string): Promise<void> {
  await askAgent(stateFolder, 'POST /look').catch((error: unknown) => {
    // The file is what counts; a running agent also looks by itself each second.
    if (!(error instanceof ConduitError)) throw error;
  });
}

const pause: Command = {
  summary: 'stop all access at this server at once; works without the broker',
  async run({ stateFolder }) {
    await new LocalRules(stateFolder).pause();
    await look(stateFolder);
    return { json: { paused: true }, lines: ['Paused: nothing runs until you resume.'] };
  },
};

const resume: Command = {
  summary: 'allow again what is permitted',
  async run({ stateFolder }) {
    await new LocalRules(stateFolder).resume();
    await look(stateFolder);
    return { json: { paused: false }, lines: ['Resumed: what is permitted runs again.'] };
  },
};

export const permissionCommands = { grants, revoke, pause, resume };
