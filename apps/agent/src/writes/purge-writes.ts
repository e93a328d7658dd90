/**
 * Forgets writes after their time, so gently that nobody at the practice notices: a few rows, a pause,
 * a few more, and never one that somebody holds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { toConduitError } from '#libs/errors/conduit-error.js';
import { PmsSites, type PmsSite } from '#apps/agent/src/execution/pms-sites.js';
import { EventLog } from '#apps/agent/src/logging/event-log.js';

const EVERY_MS = 3_600_000;
const FIRST_AFTER_MS = 300_000;
const PAUSE_MS = 500;
const HOURS_A_DAY = 24;
/** Without a journal's setting; with several the longest counts for the files on this machine. */
const USUAL_DAYS = 7;

@Injectable()
export class PurgeWrites implements OnModuleInit, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly sites: PmsSites,
    private readonly log: EventLog,
  ) {}

  onModuleInit(): void {
    this.plan(FIRST_AFTER_MS);
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.stopping.abort();
  }

  /** Once over all sites. Never rejects. */
  async execute(): Promise<void> {
    for (const site of this.sites.all()) await this.purge(site);
  }

  private plan(inMs: number): void {
    this.timer = setTimeout(() => {
      void this.execute().finally(() => {
        if (!this.stopping.signal.aborted) this.plan(EVERY_MS);
      });
    }, inMs).unref();
  }

  private async purge({ settings, driver, writes }: PmsSite): Promise<void> {
    const { journal, siteId } = settings;
    await writes.keeping.local.purge((journal?.keepDays ?? USUAL_DAYS) * HOURS_A_DAY);
    if (journal === undefined) return;
    try {
      while (await driver.purgeWrites(journal.keepDays * HOURS_A_DAY)) {
        await delay(PAUSE_MS, undefined, { ref: false, signal: this.stopping.signal });
      }
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.log.write('write-journal.failed', { siteId, code: toConduitError(error).code });
    }
  }
}
