/**
 * Commands over whose passkeys count on this server. Admitting needs the running agent and a person
 * who compares six words; listing and removing work without it.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import { parseGrant } from '#libs/grants/parse-grant.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { plainWords } from '#libs/grants/six-words.js';
import {
  usageProblem,
  type Command,
  type Invocation,
  type Outcome,
} from '#apps/agent/src/control/command-line.js';
import { askAgent, orOffline } from '#apps/agent/src/control/control-client.js';
import { plain } from '#apps/agent/src/control/terminal-text.js';
import { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { readGrantFile } from '#apps/agent/src/grants/grant-file.js';
import {
  isSignedBy,
  showApprovers,
  type RemovedApprover,
  type ShownApprover,
} from '#apps/agent/src/grants/practice-approvers.js';
import { leaveRevocation } from '#apps/agent/src/grants/revocation-inbox.js';

interface Approvers {
  approvers: ShownApprover[];
}

const linesOf = ({ approverId, name, origin, words, addedAt }: ShownApprover): string[] => [
  plain(name),
  `  id        ${approverId}`,
  ...(origin === undefined ? [] : [plain(`  used at   ${origin}`)]),
  ...(words === undefined ? [] : [`  words     ${words}`]),
  ...(addedAt === undefined ? [] : [`  since     ${addedAt}`]),
];

async function list({ stateFolder }: Invocation): Promise<Outcome> {
  const answer = await orOffline(askAgent<Approvers>(stateFolder, 'GET /approvers'), async () => {
    const { approvers } = await ApproverStore.open(stateFolder);
    return { approvers: showApprovers(approvers.values()) };
  });
  const lines = answer.approvers.flatMap(linesOf);
  return {
    json: answer,
    lines: lines.length === 0 ? ['Nobody: nothing can be permitted yet.'] : lines,
  };
}

async function offered({ stateFolder }: Invocation): Promise<Outcome> {
  const answer = await askAgent<Approvers>(stateFolder, 'GET /approvers/offered');
  const lines = answer.approvers.flatMap(linesOf);
  return { json: answer, lines: lines.length === 0 ? [NOTHING_OFFERED] : lines };
}

const NOTHING_OFFERED =
  'No passkey is offered: an owner of the practice signs in to the console and makes one there.';

async function wordsTyped({ terminal }: Invocation, choice: ShownApprover[]): Promise<string> {
  if (!terminal.ask) throw usageProblem('nobody is here to compare the words; add --words');
  for (const line of choice.flatMap(linesOf)) terminal.err(line);
  terminal.err('');
  terminal.err('Compare the six words with those on the screen of the person whose passkey it is.');
  terminal.err('Who holds that passkey can permit whatever the ceiling of this server allows.');
  return terminal.ask('If they are the same, type them here: ');
}

async function add(invocation: Invocation): Promise<Outcome> {
  const { stateFolder, options } = invocation;
  let words = options['words'];
  if (words === undefined) {
    const { approvers } = await askAgent<Approvers>(stateFolder, 'GET /approvers/offered');
    if (approvers.length === 0)
      return { lines: [NOTHING_OFFERED], json: { admitted: false }, exitCode: 1 };
    words = await wordsTyped(invocation, approvers);
  }
  const admitted = await askAgent<ShownApprover>(stateFolder, 'POST /approvers', {
    words: plainWords(words),
  });
  return {
    json: { admitted: true, ...admitted },
    lines: ['Admitted: what this passkey approves counts on this server.', ...linesOf(admitted)],
  };
}

/** Without the agent: each end is left for it to find, and the approver is gone from the list. */
async function removeOnDisk(stateFolder: string, approverId: string): Promise<RemovedApprover> {
  const approvers = await ApproverStore.open(stateFolder);
  if (approvers.approvers.get(approverId)?.kind !== 'webauthn')
    throw new ConduitError('APPROVER_NOT_FOUND');
  const own = await approvers.local();
  const ended: string[] = [];
  const { entries } = await readGrantFile(stateFolder);
  for (const { signed } of entries) {
    const reading = parseGrant(signed.document);
    if (!reading.ok || !isSignedBy({ signed }, approverId)) continue;
    const end = revocationOf(reading.grant);
    await leaveRevocation(stateFolder, end, signGrant(end, own.approverId, own.privateKey));
    if (!reading.grant.revoked) ended.push(end.grantId);
  }
  await approvers.remove(approverId);
  return { approverId, ended };
}

async function remove({ stateFolder, arguments: [, approverId] }: Invocation): Promise<Outcome> {
  if (approverId === undefined) throw usageProblem('needs the id of the approver; list shows it');
  const removed = await orOffline(
    askAgent<RemovedApprover>(stateFolder, 'POST /approvers/remove', { approverId }),
    () => removeOnDisk(stateFolder, approverId),
  );
  const { ended } = removed;
  return {
    json: removed,
    lines: [
      `Removed: ${approverId}. What it signs counts for nothing.`,
      ...(ended.length === 0 ? [] : ['Ended with it, to be approved anew by somebody else:']),
      ...ended.map((grantId) => `  ${grantId}`),
    ],
  };
}

const actions: Record<string, (invocation: Invocation) => Promise<Outcome>> = {
  list,
  offered,
  add,
  remove,
};

const approvers: Command = {
  summary: 'list, add or remove the passkeys whose approval counts here',
  arguments: ['list|offered|add|remove', '[APPROVER]'],
  options: { words: 'WORDS  the six words that the console shows for the passkey, to admit it' },
  async run(invocation) {
    const [action = ''] = invocation.arguments;
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) throw usageProblem(`must be one of: ${Object.keys(actions).join(', ')}`);
    return act(invocation);
  },
};

export const approverCommands = { approvers };
