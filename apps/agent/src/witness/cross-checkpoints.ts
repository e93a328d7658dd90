/**
 * Ties the two logs to each other: heads of this agent's own log go to the broker, whose log makes leaves
 * of them, and heads of the broker's log that were cosigned here become records of this one. So neither
 * side can rewrite its own without the other's showing it. Each way at most once a minute, and only when
 * something was done here since: an agent that rests writes and sends nothing.
 */
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { AgentLog, type SignedTree } from '#apps/agent/src/journal/agent-log.js';
import { Journal } from '#apps/agent/src/journal/journal.port.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { logKeyBinding } from '#libs/audit/agent-log-key.js';
import { formatVerifierKey } from '#libs/audit/signed-note.js';
import { consistencyProof } from '#libs/audit/tree-proofs.js';
import type { TreeHead } from '#libs/audit/verify-proofs.js';
import { formatWitnessRequest } from '#libs/audit/witness-request.js';
import {
  brokerPatterns,
  type PublishLogHeadAnswer,
  type PublishLogHeadMeta,
  type WitnessAlarm,
} from '#libs/contracts/link-messages.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { coalesce } from '#libs/kernel/coalesce.js';

export const crossingTimes = {
  /** At most so often, each way. */
  everyMs: 60_000,
  /** Where the broker has refused: it takes a head again when somebody there has settled the alarm. */
  refusedMs: 900_000,
  /** After an act here its record at the broker is in the broker's log. */
  settledMs: 10_000,
} as const;

/** What `status` says of the agent's own log. */
export interface OwnLogStanding {
  /** False: files of it are damaged, and no more heads are signed. */
  isSound: boolean;
  /** Leaves of the last head that was signed; absent: none yet. */
  size?: number;
  /** The broker found that this log contradicts what it was told of it before, and nobody there has settled it. */
  refusedFor?: WitnessAlarm;
}

/** Where it is, then the proof, then the broker's second look at one that is shorter. */
const TRIES = 3;

@Injectable()
export class CrossCheckpoints implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  /** How many acts the broker knows of, and how many a head of its log was recorded after. */
  private publishedActs = -1;
  private anchoredActs = 0;
  private publishedSize = 0;
  private publishedMs = -Infinity;
  private actsSinceMs: number | undefined;
  private notedMs = -Infinity;
  private alarm: WitnessAlarm | undefined;

  constructor(
    private readonly own: AgentIdentity,
    private readonly ownLog: AgentLog,
    private readonly journal: Journal,
    private readonly link: AgentLink,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.publish(), crossingTimes.everyMs).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  get standing(): OwnLogStanding {
    const { isSound, head } = this.ownLog;
    return {
      isSound,
      ...(head && { size: head.size }),
      ...(this.alarm && { refusedFor: this.alarm }),
    };
  }

  /** A head of the broker's log was cosigned here. */
  cosigned({ size, root }: TreeHead, nowMs = performance.now()): void {
    const { acts } = this.ownLog;
    if (acts === this.anchoredActs) return;
    this.actsSinceMs ??= nowMs;
    if (nowMs - this.actsSinceMs < crossingTimes.settledMs) return;
    if (nowMs - this.notedMs < crossingTimes.everyMs) return;
    const logRoot = root.toString('base64');
    this.journal.note({ type: 'audit-log.checkpoint', logSize: size, logRoot });
    this.notedMs = nowMs;
    this.anchoredActs = acts;
    this.actsSinceMs = undefined;
  }

  /** Tells the broker of the newest head when it does not know all that was done. Never rejects. */
  readonly publish = coalesce(async (): Promise<void> => {
    const { acts } = this.ownLog;
    if (acts === this.publishedActs || !this.link.attached) return;
    const waitMs = this.alarm ? crossingTimes.refusedMs : crossingTimes.everyMs;
    if (performance.now() - this.publishedMs < waitMs) return;
    try {
      const head = await this.bring();
      if (head || this.alarm) this.publishedMs = performance.now();
      if (head) this.publishedActs = acts;
    } catch (error) {
      const { code } = toConduitError(error);
      if (code !== 'LINK_CLOSED') this.log.write('agent-log.not-told', { code });
    }
  });

  /**
   * Has the broker know a head with all that is on disk at this moment.
   * @returns the head; undefined when there is none, or the broker refuses it
   */
  async bring(): Promise<SignedTree | undefined> {
    await this.ownLog.settle();
    const { head } = this.ownLog;
    if (!head || !this.ownLog.isSound) return undefined;
    let oldSize = Math.min(this.publishedSize, head.size);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const answer = await this.tell(head, oldSize);
      if (answer.alarm) {
        if (this.alarm !== answer.alarm)
          this.log.write('agent-log.refused', { alarm: answer.alarm });
        this.alarm = answer.alarm;
        return undefined;
      }
      if (answer.size === undefined) {
        this.publishedSize = head.size;
        this.alarm = undefined;
        return head;
      }
      oldSize = Math.min(answer.size, head.size);
    }
    return undefined;
  }

  private async tell(head: SignedTree, oldSize: number): Promise<PublishLogHeadAnswer> {
    const proof = await consistencyProof(oldSize, head.size, this.ownLog.nodesOf(head.size));
    const body = formatWitnessRequest({ oldSize, proof, signedCheckpoint: head.signed });
    const verifierKey = formatVerifierKey(this.ownLog.verifier);
    const bound = Buffer.from(this.own.sign(logKeyBinding(verifierKey))).toString('base64');
    const meta: PublishLogHeadMeta = { verifierKey, bound };
    return this.link.ask(brokerPatterns.publishLogHead, meta, Buffer.from(body));
  }
}
