/**
 * `audit`: what this agent executed and refused, as its own log has it. Reads files alone, so it works
 * whether or not the agent runs; only what needs the broker needs the running agent.
 */
import { readAuditOptions, type AuditFilter } from '#apps/agent/src/control/audit-options.js';
import { recordLine } from '#apps/agent/src/control/audit-lines.js';
import {
  usageProblem,
  type Command,
  type Invocation,
  type Outcome,
} from '#apps/agent/src/control/command-line.js';
import { askAgent } from '#apps/agent/src/control/control-client.js';
import { writeDurably } from '#apps/agent/src/grants/durable-file.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { journalFolder } from '#apps/agent/src/journal/agent-log.js';
import { exportJournal } from '#apps/agent/src/journal/export-journal.js';
import { openLogSigner, verifierOf } from '#apps/agent/src/journal/log-signer.js';
import { readNumbered, type NumberedLine } from '#apps/agent/src/journal/numbered-lines.js';
import { journalProblems, verifyJournal } from '#apps/agent/src/journal/verify-journal.js';
import type { ReconciledHere } from '#apps/agent/src/witness/reconcile-here.js';
import { exactCounts } from '#libs/audit/audit-line.js';
import { formatAuditExport } from '#libs/audit/audit-export.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { sealExport } from '#libs/audit/export-seal.js';
import { readRecord, type MismatchKind } from '#libs/audit/reconcile.js';

const DAY_MS = 86_400_000;
/** As far back as the broker is asked at once. */
const MOST_DAYS = 30;

interface Found {
  line: NumberedLine;
  record: AuditRecord;
}

function isWanted({ record }: Found, wanted: AuditFilter): boolean {
  const atMs = Date.parse(record.ts);
  const fields = ['integrator', 'site', 'type', 'outcome'] as const;
  return (
    atMs >= wanted.sinceMs &&
    atMs < wanted.untilMs &&
    fields.every((field) => wanted[field] === undefined || record[field] === wanted[field])
  );
}

async function list({ stateFolder, options }: Invocation): Promise<Outcome> {
  const wanted = readAuditOptions(options);
  let found: Found[] = [];
  let matching = 0;
  for await (const lines of readNumbered(journalFolder(stateFolder), wanted.sinceMs)) {
    for (const line of lines) {
      const record = readRecord(line.record);
      if (!record || !isWanted({ line, record }, wanted)) continue;
      matching += 1;
      found.push({ line, record });
    }
    found = found.slice(-wanted.limit);
  }
  const left = matching - found.length;
  return {
    json: {
      matching,
      records: found.map(({ line, record }) => ({ n: line.n, record, exact: exactCounts(line) })),
    },
    lines: [
      ...(left > 0 ? [`${left} earlier records are left out; --limit shows more.`] : []),
      ...found.map(({ line, record }) => recordLine(line.n, record, exactCounts(line))),
      ...(found.length === 0 ? ['No such records.'] : []),
    ],
  };
}

async function verify({ stateFolder }: Invocation): Promise<Outcome> {
  const { key } = await ownKey(stateFolder);
  const findings = await verifyJournal(journalFolder(stateFolder), key);
  const { signed, from, to, problems } = findings;
  return {
    json: findings,
    lines: [
      `Signed:    ${signed} records, in one tree`,
      `Kept:      ${to - from} records, from number ${from} on`,
      ...problems.map(
        ({ problem, leaf }) =>
          `WRONG:     ${journalProblems[problem]}${leaf === undefined ? '' : ` (number ${leaf})`}`,
      ),
      problems.length === 0 ? 'All is well.' : `${problems.length} to look at.`,
    ],
    exitCode: problems.length === 0 ? 0 : 1,
  };
}

async function exportTo({ stateFolder, options }: Invocation): Promise<Outcome> {
  const { out } = options;
  if (out === undefined) throw usageProblem('export needs --out FILE');
  const wanted = readAuditOptions(options);
  if (wanted.integrator ?? wanted.site ?? wanted.type ?? wanted.outcome)
    throw usageProblem('an export leaves nothing out: it takes --since and --until alone');
  const { key, agentId, signer } = await ownKey(stateFolder);
  const folder = journalFolder(stateFolder);
  const made = await exportJournal(folder, agentId, key, wanted, Date.now());
  const sealed = sealExport(made, signer.origin, signer.privateKey);
  await writeDurably(out, formatAuditExport(sealed));
  const [log] = made.logs;
  const records = log?.entries.length ?? 0;
  return {
    json: { file: out, records, complete: log?.complete },
    lines: [
      `${records} records in ${out}, with their proofs.`,
      'It says which integrator asked when, and nothing of any patient.',
    ],
  };
}

const mismatchWords: Record<MismatchKind, string> = {
  'dispatched-not-executed': 'the broker says it was answered; it never ran here',
  'executed-not-dispatched': 'it came here, and the broker has no record of it',
  differs: 'the broker’s record and the one here contradict each other',
};

/** Needs the running agent: it alone can ask the broker. */
async function reconcile({ stateFolder, options }: Invocation): Promise<Outcome> {
  const nowMs = Date.now();
  const { sinceMs, untilMs } = readAuditOptions(options, nowMs);
  const toMs = Math.min(untilMs, nowMs);
  const fromMs = Math.max(sinceMs, toMs - MOST_DAYS * DAY_MS);
  const found = await askAgent<ReconciledHere>(stateFolder, 'POST /audit/reconcile', {
    ...{ fromMs: Math.floor(fromMs), toMs: Math.floor(toMs) },
  });
  const { matched, undelivered, pending, untold, mismatches, isUnfinished } = found;
  const isClean = mismatches.length === 0 && untold === 0 && !isUnfinished;
  return {
    json: found,
    lines: [
      `From ${new Date(fromMs).toISOString()} to ${new Date(found.toMs).toISOString()}:`,
      `${matched} agree, ${undelivered} came to nothing on both sides, ${pending} can’t be told yet.`,
      ...mismatches.flatMap(({ kind, queryId, fields, broker, agent }) => [
        `WRONG: query ${queryId}: ${mismatchWords[kind]}${fields ? ` (${fields.join(', ')})` : ''}`,
        ...(broker ? [`  broker  ${recordLine(broker.index, broker.record)}`] : []),
        ...(agent ? [`  here    ${recordLine(agent.index, agent.record)}`] : []),
      ]),
      ...(mismatches.length > 0 ? [`${mismatches.length} to look at.`] : []),
      ...(isUnfinished
        ? ['There is more than could be compared: ask again for a shorter time.']
        : []),
      ...(untold > 0
        ? [
            `${untold} records of registered queries can’t be told: the broker does not say when it passed them on.`,
          ]
        : []),
      ...(isClean ? ['The broker’s records and ours agree.'] : []),
    ],
    exitCode: isClean ? 0 : 1,
  };
}

async function ownKey(stateFolder: string) {
  const identity = await AgentIdentity.load(stateFolder);
  const signer = await openLogSigner(identity);
  return { key: verifierOf(signer), agentId: identity.agentId, signer };
}

const actions: Record<string, (invocation: Invocation) => Promise<Outcome>> = {
  list,
  verify,
  export: exportTo,
  reconcile,
};

const audit: Command = {
  summary:
    'show, check or export what this agent executed and refused, or compare it with the broker',
  arguments: ['[list|verify|export|reconcile]'],
  options: {
    since: 'WHEN  an ISO 8601 date or time, or like 7d',
    until: 'WHEN  up to and without',
    integrator: 'ID  of one integrator',
    site: 'ID  at one site',
    type: 'WORD  like query.executed, query.refused or grant.revoked',
    outcome: 'WORD  successful, refused, failed, cancelled or lost',
    limit: 'N  the newest N; else 200',
    out: 'FILE  where an export goes',
  },
  run(invocation) {
    const [action = 'list'] = invocation.arguments;
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) throw usageProblem(`audit takes one of: ${Object.keys(actions).join(', ')}`);
    return act(invocation);
  },
};

export const auditCommands = { audit };
