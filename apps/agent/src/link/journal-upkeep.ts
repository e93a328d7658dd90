import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AgentConfig } from '#apps/agent/src/agent.config.js';
import { FileJournal } from '#apps/agent/src/journal/file-journal.js';
import { BrokerClock } from '#apps/agent/src/link/broker-clock.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';

const DAY_MS = 86_400_000;
const LOOK_MS = 6 * 3_600_000;

/**
 * Lets the journal go that is older than it is kept. Only while the broker has confirmed this
 * machine's clock: one that leaps ahead by a year would otherwise take the whole history with it.
 */
@Injectable()
export class JournalUpkeep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly journal: Pick<FileJournal, 'prune'>,
    private readonly clock: Pick<BrokerClock, 'skewMs' | 'diagnosis'>,
    private readonly config: Pick<AgentConfig, 'journalKeepDays'>,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.execute(Date.now()), LOOK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async execute(nowMs: number): Promise<void> {
    if (this.clock.skewMs === undefined || this.clock.diagnosis) return;
    const files = await this.journal.prune(nowMs - this.config.journalKeepDays * DAY_MS);
    if (files > 0) this.log.write('journal.pruned', { files });
  }
}
