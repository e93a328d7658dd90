/**
 * The practice's own look at the broker: its records of this agent's sites, each proven under a head that
 * was cosigned here, held against what this agent did. A broker that passed something on and has no
 * record of it is found out here, whatever it shows to others; what this version of it cannot tell is said.
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
import { reconcileInSteps, type RecordSpan, type Step } from '#libs/audit/reconcile-in-steps.js';
import { decodeBase64 } from '#libs/audit/signed-note.js';
import { textLeafHash } from '#libs/audit/tree-hash.js';
import { verifyInclusion } from '#libs/audit/verify-proofs.js';
import {
  brokerPatterns,
  MOST_STANDING,
  type OwnRecordLine,
  type ReadOwnRecordsMeta,
  type ReadStandingMeta,
} from '#libs/contracts/link-messages.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

const ANSWER_MS = 300_000;
/** A record and its proof are far shorter. */
const MOST_LINE = 65_536;

/** How it stands, and under which head of the broker's log. */
export interface ReconciledHere extends Reconciled {
  fromMs: number;
  /** Up to when it was told. */
  toMs: number;
  /** Something before `toMs` could not be told, or there was no time for what is behind it. */
  isUnfinished: boolean;
  /** Leaves of the head that the broker's records were proven under. */
  size: number;
}

@Injectable()
export class ReconcileHere {
  constructor(
    private readonly own: ReadOwnLog,
    private readonly witness: WitnessFile,
    private readonly link: AgentLink,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws ConduitError LINK_CLOSED; AUDIT_UNPROVEN when the broker's log has contradicted itself, shows no head, or a
   * record of it is not proven
   */
  async execute({ fromMs, toMs }: RecordSpan): Promise<ReconciledHere> {
    const head = this.witness.record;
    if (!head || head.alarm || head.size === 0) throw new ConduitError('AUDIT_UNPROVEN');
    const { toldToMs, ...found } = await reconcileInSteps<never>(
      { fromMs, toMs },
      {
        nowMs: () => this.clock.now(),
        looksAhead: true,
        read: (span, most) => this.own.read(span, most),
        judge: (step, agent) => this.hold(step, agent, head),
      },
    );
    return { ...found, fromMs, toMs: toldToMs, size: head.size };
  }

  private async hold(
    step: Step,
    agent: readonly LoggedRecord[],
    head: WitnessRecord,
  ): Promise<Reconciled> {
    const ran = new Set(agent.map(({ record }) => record.queryId));
    const broker: LoggedRecord[] = [];
    const around = {
      fromMs: step.fromMs - RECONCILE_SLACK_MS,
      toMs: step.toMs + RECONCILE_SLACK_MS,
    };
    const meta: ReadOwnRecordsMeta = { ...around, size: head.size };
    for await (const one of this.ask(brokerPatterns.readOwnRecords, meta, head)) {
      const { type, queryId } = one.record;
      // Of a week's submissions those of what ran.
      if (type !== 'query.submitted' || ran.has(queryId)) broker.push(one);
    }
    const standing = await this.standing(agent, head);
    return reconcile({
      ...{ ...step, agent, brokerKnownToMs: step.agentKnownToMs },
      broker: [...broker, ...(standing ?? [])],
      ...(!standing && { standingKnownFromMs: Infinity }),
    });
  }

  /**
   * What runs by a timetable was ordered once, at any time before.
   * @returns undefined where the broker is of a version that does not tell
   */
  private async standing(
    agent: readonly LoggedRecord[],
    head: WitnessRecord,
  ): Promise<LoggedRecord[] | undefined> {
    const ids = agent.flatMap(({ record: { lane, queryId } }) =>
      lane === 'registered' && queryId !== undefined ? [queryId] : [],
    );
    const wanted = [...new Set(ids)];
    const found: LoggedRecord[] = [];
    try {
      for (let at = 0; at < wanted.length; at += MOST_STANDING) {
        const registeredIds = wanted.slice(at, at + MOST_STANDING);
        const meta: ReadStandingMeta = { registeredIds, size: head.size };
        for await (const one of this.ask(brokerPatterns.readStanding, meta, head)) found.push(one);
      }
      return found;
    } catch (error) {
      if (toConduitError(error).code === 'LINK_PATTERN_UNKNOWN') return undefined;
      throw error;
    }
  }

  private async *ask(
    pattern: string,
    meta: object,
    head: WitnessRecord,
  ): AsyncGenerator<LoggedRecord> {
    const reply = await this.link.request(pattern, meta, ANSWER_MS);
    const place = { size: head.size, root: Buffer.from(head.root, 'base64') };
    let rest: Buffer = Buffer.alloc(0);
    for await (const part of reply.body) {
      const bytes = Buffer.concat([rest, part]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      rest = bytes.subarray(end);
      if (rest.length > MOST_LINE) throw new ConduitError('AUDIT_UNPROVEN');
      for (const line of bytes.subarray(0, end).toString().split('\n').slice(0, -1)) {
        const found = provenLine(line, place);
        if (!found) throw new ConduitError('AUDIT_UNPROVEN');
        yield found;
      }
    }
    await reply.end;
  }
}

function provenLine(line: string, head: { size: number; root: Buffer }): LoggedRecord | undefined {
  try {
    const { index, record: text, proof } = JSON.parse(line) as OwnRecordLine;
    const hashes = proof.map(decodeBase64).filter((hash) => hash !== undefined);
    const record = readRecord(text);
    const isThere = verifyInclusion({ index, ...head }, textLeafHash(text), hashes);
    return record && isThere && hashes.length === proof.length
      ? { index, text, record }
      : undefined;
  } catch {
    return undefined;
  }
}
