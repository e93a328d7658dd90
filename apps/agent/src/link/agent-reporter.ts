import { Injectable } from '@nestjs/common';
import { JoinCounter } from '#apps/agent/src/identity/join-counter.js';
import { AgentLink } from '#apps/agent/src/link/agent-link.js';
import { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import { rounded, SelfReport } from '#apps/agent/src/link/self-report.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { agentVersion } from '#apps/agent/src/version.js';
import {
  brokerPatterns,
  type AgentReport,
  type AgentReportAnswer,
} from '#libs/contracts/link-messages.js';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { coalesce } from '#libs/kernel/coalesce.js';

const RETRY_MS = 2_000;
const REPORT_MS = 30_000;

/** Tells the broker how this agent is: at each join and every thirty seconds. */
@Injectable()
export class AgentReporter {
  private timer: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private linkMs: number | undefined;
  /** One after the other: of two at once the broker might keep the older. */
  private readonly report = coalesce(() => this.send());

  constructor(
    private readonly link: AgentLink,
    private readonly joins: JoinCounter,
    private readonly self: SelfReport,
    private readonly clock: BrokerClock,
    private readonly log: EventLog,
  ) {}

  start(): void {
    this.link.onAttached(() => void this.report());
    this.self.onChange(() => void this.report());
    this.timer = setInterval(() => void this.report(), REPORT_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.retry);
  }

  /** Never rejects. */
  private async send(): Promise<void> {
    if (this.link.state !== 'connected') return;
    try {
      const sentMs = Date.now();
      const began = performance.now();
      const answer = await this.link.ask<AgentReportAnswer>(brokerPatterns.reportAgent, {
        ...this.self.describe(),
        agentVersion,
        instanceId: this.joins.instanceId,
        clockMs: sentMs,
        ...(this.linkMs !== undefined && { linkMs: this.linkMs }),
        ...this.lastError(),
      } satisfies AgentReport);
      this.linkMs = rounded(performance.now() - began);
      this.clock.note((sentMs + Date.now()) / 2 - answer.brokerTimeMs);
    } catch (error) {
      const { code } = toConduitError(error);
      if (code === 'LINK_CLOSED') return;
      this.log.write('report.failed', { code });
      // The broker knows a fresh agent's version and catalogues only from its first report.
      clearTimeout(this.retry);
      this.retry = setTimeout(() => void this.report(), RETRY_MS).unref();
    }
  }

  /** The newer of what went wrong with the link and with a database. */
  private lastError(): Pick<AgentReport, 'lastError' | 'lastErrorAgeMs'> {
    const noted = [this.link.lastFailure, this.self.lastDatabaseFailure];
    const [last] = noted.filter((one) => one !== undefined).sort((a, b) => b.atMs - a.atMs);
    if (!last) return {};
    return { lastError: last.code, lastErrorAgeMs: rounded(performance.now() - last.atMs) };
  }
}
