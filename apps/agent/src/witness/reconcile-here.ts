/**
 * The practice's own look at the broker: its records of this agent's sites, each proven under a head that
 * was cosigned here, held against what this agent did. A broker that passed something on and has no
 * record of it is found out here, whatever it shows to others.
 */
import { Injectable } from '@nestjs/common';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { ReadOwnLog } from '#apps/agent/src/witness/read-own-log.js';
import { WitnessFile, type WitnessRecord } from '#apps/agent/src/witness/witness-file.js';
import {
  readRecord,
  reconcile,
  RECONCILE_SLACK_MS,
  type LoggedRecord,
  type Reconciled,
} from '#libs/audit/reconcile.js';
import { decodeBase64 } from '#libs/audit/signed-note.js';
import { leafHash } from '#libs/audit/tree-hash.js';
import { verifyInclusion } from '#libs/audit/verify-proofs.js';
import {
  brokerPatterns,
  type OwnRecordLine,
  type ReadOwnRecordsMeta,
} from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const ANSWER_MS = 300_000;

/** How it stands, and under which head of the broker's log. */
export interface ReconciledHere extends Reconciled {
  fromMs: number;
  toMs: number;
  /** Leaves of the head that the broker's records were proven under. */
  size: number;
}

@Injectable()
export class ReconcileHere {
  constructor(
    private readonly own: ReadOwnLog,
    private readonly witness: WitnessFile,
    private readonly link: AgentLink,
  ) {}

  /**
   * @throws ConduitError LINK_CLOSED; AUDIT_UNPROVEN when the broker's log has contradicted itself, shows no head, or a
   * record of it is not proven
   */
  async execute({ fromMs, toMs }: { fromMs: number; toMs: number }): Promise<ReconciledHere> {
    const head = this.witness.record;
    if (!head || head.alarm || head.size === 0) throw new ConduitError('AUDIT_UNPROVEN');
    const around = { fromMs: fromMs - RECONCILE_SLACK_MS, toMs: toMs + RECONCILE_SLACK_MS };
    const { records: all, knownToMs } = await this.own.read(around.fromMs, around.toMs);
    const broker = await this.ask({ ...around, size: head.size }, head);
    // What runs by a timetable was ordered once, long ago: the broker's own look covers it.
    const agent = all.filter(({ record }) => record.lane !== 'registered');
    const known = { brokerKnownToMs: knownToMs, agentKnownToMs: knownToMs };
    return {
      ...reconcile({ fromMs, toMs, broker, agent, ...known }),
      fromMs,
      toMs,
      size: head.size,
    };
  }

  private async ask(meta: ReadOwnRecordsMeta, head: WitnessRecord): Promise<LoggedRecord[]> {
    const reply = await this.link.request(brokerPatterns.readOwnRecords, meta, ANSWER_MS);
    const parts: Buffer[] = [];
    for await (const part of reply.body) parts.push(part);
    await reply.end;
    const place = { size: head.size, root: Buffer.from(head.root, 'base64') };
    const lines = Buffer.concat(parts).toString().split('\n').slice(0, -1);
    return lines.map((line) => {
      const found = provenLine(line, place);
      if (!found) throw new ConduitError('AUDIT_UNPROVEN');
      return found;
    });
  }
}

function provenLine(line: string, head: { size: number; root: Buffer }): LoggedRecord | undefined {
  try {
    const { index, record: text, proof } = JSON.parse(line) as OwnRecordLine;
    const hashes = proof.map(decodeBase64).filter((hash) => hash !== undefined);
    const record = readRecord(text);
    const isThere = verifyInclusion({ index, ...head }, leafHash(Buffer.from(text)), hashes);
    return record && isThere && hashes.length === proof.length
      ? { index, text, record }
      : undefined;
  } catch {
    return undefined;
  }
}
