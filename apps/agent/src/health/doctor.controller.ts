/**
 * The doctor, asked from afar by the operator's staff: the same tries as on this machine, answered
 * in codes alone. One at a time and with a pause, so that nobody can keep the database busy with it.
 */
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';
import { runDoctor } from '#apps/agent/src/pms/doctor.js';
import { agentPatterns, type DoctorAnswer } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export const DOCTOR_PAUSE_MS = 60_000;

@Controller()
export class DoctorController {
  private readyAtMs = 0;

  constructor(
    private readonly config: AgentConfig,
    private readonly log: EventLog,
  ) {}

  /** @throws ConduitError RATE_LIMITED while one runs and for a minute after */
  @MessagePattern(agentPatterns.runDoctor)
  async run(): Promise<DoctorAnswer> {
    const waitMs = this.readyAtMs - performance.now();
    if (waitMs > 0) {
      const retryAfterMs = Math.ceil(Math.min(waitMs, DOCTOR_PAUSE_MS));
      throw new ConduitError('RATE_LIMITED', { facts: { retryAfterMs } });
    }
    this.readyAtMs = Infinity;
    try {
      const found = await runDoctor(this.config);
      const findings = found.map(({ check, siteId, ok, severity }) => {
        return { check, siteId, ok, severity };
      });
      this.log.write('doctor.run', { bad: findings.filter(({ ok }) => !ok).length });
      return { findings };
    } finally {
      this.readyAtMs = performance.now() + DOCTOR_PAUSE_MS;
    }
  }
}
