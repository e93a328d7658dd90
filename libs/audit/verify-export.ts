/**
 * Checks exports of audit logs, offline and by themselves: seal, keys, checkpoints, witnesses, proofs, gaps,
 * and whether the broker's records and the agents' tell the same story. Trusts nothing but the keys it is
 * given; what it cannot tell it says.
 */
import type { AuditExport, ExportedLog, ExportScope } from '#libs/audit/audit-export.js';
import type { Checkpoint } from '#libs/audit/checkpoint.js';
import { Findings, type Finding } from '#libs/audit/export-findings.js';
import { isSealedBy } from '#libs/audit/export-seal.js';
import { reconcileExports, type ReconcileCount } from '#libs/audit/reconcile-exports.js';
import { parseVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';
import { verifyExportedLog, type CheckedLog } from '#libs/audit/verify-exported-log.js';

export interface VerifyPolicy {
  /**
   * Verifier keys that the reader trusts. Of logs: those of the export must be among them (of agents that are not
   * named here the export's own is taken). Of witnesses: only these count. None: the export's own keys are taken.
   */
  keys?: readonly NoteKey[];
  /**
   * How many witnesses must have cosigned; absent: as many as the export itself says, and where a witness is trusted
   * here at least one, for an export may say none.
   */
  threshold?: number;
}

/** What is known of one log. */
export interface LogSummary {
  place: string;
  kind: 'broker' | 'agent';
  verifierKey: string;
  /** Leaves under the newest checkpoint. */
  size: number;
  records: number;
  proven: number;
  /** Witnesses under the newest checkpoint. */
  cosigned: number;
}

export interface Verification {
  findings: Finding[];
  /** Those that can be checked at all. */
  logs: LogSummary[];
  /** Absent: there are not both a broker's and an agent's log. */
  reconciled?: ReconcileCount;
}

interface Checked extends CheckedLog {
  log: ExportedLog;
  scope: ExportScope;
  madeAt: string;
  place: string;
}

/** @param exports each with the name it is spoken of by */
export function verifyExports(
  exports: readonly { name: string; content: AuditExport }[],
  policy: VerifyPolicy = {},
): Verification {
  const findings = new Findings();
  const checked = exports.flatMap(({ name, content }) =>
    verifyOne(content, exports.length > 1 ? `${name}: ` : '', policy, findings),
  );
  compareHeads(checked, findings);
  const reconciled = reconcileExports(checked, findings);
  return {
    findings: findings.all(),
    logs: checked.map(summaryOf),
    ...(reconciled && { reconciled }),
  };
}

function summaryOf({ log, place, heads, proven, cosigned }: Checked): LogSummary {
  const { kind, verifierKey, entries } = log;
  const size = heads.at(-1)?.size ?? 0;
  return {
    place,
    kind,
    verifierKey,
    size,
    records: entries.length,
    proven: proven.length,
    cosigned,
  };
}

function verifyOne(
  content: AuditExport,
  prefix: string,
  policy: VerifyPolicy,
  findings: Findings,
): Checked[] {
  const { keys = [] } = policy;
  const given = keys.filter(({ type }) => type === 'cosignature');
  const threshold = policy.threshold ?? thresholdOf(content, given);
  const witnesses = given.length > 0 ? given : exportedWitnesses(content, prefix, findings);
  const logPolicy = {
    logKeys: keys.filter(({ type }) => type === 'ed25519'),
    ...{ witnesses, threshold, scope: content.scope, madeAtMs: Date.parse(content.madeAt) },
  };
  const checked = content.logs.flatMap((log, at) => {
    const place = `${prefix}logs[${at}]`;
    const found = verifyExportedLog(log, place, logPolicy, findings);
    const { scope, madeAt } = content;
    return found ? [{ ...found, log, scope, madeAt, place }] : [];
  });
  verifySeal(content, `${prefix}seal`, checked, findings);
  if (threshold === 0 && content.logs.some(({ kind }) => kind === 'broker'))
    findings.notice(
      `${prefix}witnesses`,
      'No witness is asked for: the broker is taken at its word.',
    );
  return checked;
}

const thresholdOf = ({ witnesses }: AuditExport, given: readonly NoteKey[]): number =>
  Math.max(witnesses?.threshold ?? 0, given.length > 0 ? 1 : 0);

function exportedWitnesses(
  { witnesses }: AuditExport,
  prefix: string,
  findings: Findings,
): NoteKey[] {
  if (witnesses)
    findings.notice(
      `${prefix}witnesses`,
      'The keys of the witnesses are taken from the export itself, which may name anybody: compare them with ones you trust.',
    );
  return (witnesses?.keys ?? []).flatMap((text, at) => {
    const key = parseVerifierKey(text);
    if (key?.type === 'cosignature') return [key];
    findings.wrong(`${prefix}witnesses.keys[${at}]`, 'This is no verifier key of a witness.');
    return [];
  });
}

function verifySeal(
  content: AuditExport,
  place: string,
  checked: readonly Checked[],
  findings: Findings,
): void {
  if (content.seal === undefined) {
    findings.notice(place, 'Nobody has sealed this: when it was made and of what is its own word.');
    return;
  }
  const keys = checked.map(({ key }) => key);
  if (!isSealedBy(content, keys))
    findings.wrong(place, 'The seal does not fit: something of the export was changed.');
}

/** Two heads of one log that have the same size are the same, or the log tells two stories. */
function compareHeads(checked: readonly Checked[], findings: Findings): void {
  const seen = new Map<string, Checkpoint>();
  for (const { key, heads, place } of checked) {
    for (const head of heads) {
      const of = `${key.name} ${String(key.publicKey.export({ format: 'jwk' }).x)} ${head.size}`;
      const other = seen.get(of);
      if (other && !other.root.equals(head.root))
        findings.wrong(place, `The log has signed two different trees of ${head.size} leaves.`);
      else seen.set(of, head);
    }
  }
}
