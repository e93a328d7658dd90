/**
 * Tells the broker, under this agent's signature, what counts on this server: whose passkeys, up to
 * which ceiling. At each attach, because what waits there comes in answer, and when it has changed.
 */
import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { signRules, type AgentRules } from '#libs/grants/agent-rules.js';
import type { ReportRulesMeta } from '#libs/grants/grant-messages.js';
import type { Clock } from '#libs/kernel/clock.js';
import { oneByOne } from '#libs/kernel/turns.js';
import type { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import type { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import type { GrantStore } from '#apps/agent/src/grants/grant-store.js';
import type { LocalRules } from '#apps/agent/src/grants/local-rules.js';
import type { OwnIdentity } from '#apps/agent/src/grants/own-identity.port.js';

/** How often the ceiling file's last reading is compared with what was told, and a report tried again. */
const lookMs = 2_000;
const AGAIN_MS = 30_000;

export interface RulesReportParts {
  approvers: ApproverStore;
  store: GrantStore;
  rules: LocalRules;
  line: BrokerLine;
  own: OwnIdentity;
  clock: Clock;
}

export class RulesReport {
  private timer: NodeJS.Timeout | undefined;
  private told = '';
  private triedMs = 0;
  private readonly inTurn = oneByOne();

  constructor(private readonly parts: RulesReportParts) {}

  start(): void {
    const { line } = this.parts;
    line.onAttached(() => void this.tell());
    if (line.attached) void this.tell();
    this.timer ??= setInterval(() => void this.look(), lookMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Never rejects: it is told at the next attach, or soon. */
  tell(): Promise<void> {
    return this.inTurn(() => this.send()).catch(() => undefined);
  }

  private look(): void {
    const { line, clock } = this.parts;
    const isDue = Math.abs(clock.now() - this.triedMs) >= AGAIN_MS;
    const isTold = this.told === JSON.stringify(this.said());
    if (!isTold && line.attached && (isDue || this.told !== '')) void this.tell();
  }

  private async send(): Promise<void> {
    const { line, own, clock } = this.parts;
    this.triedMs = clock.now();
    const said = this.said();
    this.told = '';
    const rules = signRules({ ...said, at: new Date(this.triedMs).toISOString() }, (bytes) =>
      own.sign(bytes),
    );
    await line.ask(brokerPatterns.reportRules, { rules } satisfies ReportRulesMeta);
    this.told = JSON.stringify(said);
  }

  private said(): Omit<AgentRules, 'at'> {
    const { own, store, rules, approvers } = this.parts;
    return {
      type: 'conduit-agent-rules-v1',
      agentId: own.agentId,
      epoch: store.epoch,
      ceiling: rules.ceiling,
      approvers: [...approvers.approvers.values()]
        .filter(({ kind }) => kind === 'webauthn')
        .map(({ approverId, addedAt }) => ({ approverId, addedAt })),
    };
  }
}
