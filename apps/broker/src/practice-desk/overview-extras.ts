import { Injectable } from '@nestjs/common';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { PauseAccess } from '#apps/broker/src/practice-desk/pause-access.js';
import type { Pauses } from '#libs/console-api/practice.js';

/** What stands on the first page beside sites and permissions. */
@Injectable()
export class OverviewExtras {
  constructor(
    private readonly pausing: PauseAccess,
    private readonly approvers: OfferedApprovers,
  ) {}

  pauses(practiceId: string): Promise<Pauses> {
    return this.pausing.list(practiceId);
  }

  /** Passkeys that a server of the practice accepts. */
  async admitted(practiceId: string): Promise<number> {
    const offered = await this.approvers.of(practiceId);
    return offered.filter(({ agents }) => agents.some((at) => at.admittedAt !== undefined)).length;
  }
}
