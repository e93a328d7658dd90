/**
 * What follows from a run once it is written down: its parts are fetched while the agent is there, and
 * the integrator is told. A node that dies in between leaves the fetching to whoever asks for the
 * result, and the telling to the sweep.
 */
import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import { codeOf, type RecordedRun } from '#apps/broker/src/registered/record-runs.js';
import { RunParts } from '#apps/broker/src/registered/run-parts.js';
import { tellIntegrator } from '#apps/broker/src/registered/tell-integrator.js';
import { WebhookEvents } from '#apps/broker/src/webhooks/webhook-events.port.js';
import { runParts } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';
import { Turns } from '#libs/kernel/turns.js';

@Injectable()
export class FollowRuns {
  /** One site's fetches follow each other: they share its line with everything else. */
  private readonly turns = new Turns();

  constructor(
    private readonly database: Kysely<Database>,
    private readonly links: SiteLinks,
    private readonly parts: RunParts,
    private readonly ending: EndRegistered,
    private readonly webhooks: WebhookEvents,
  ) {}

  /** Never rejects. */
  async execute(recorded: RecordedRun): Promise<void> {
    const { before, report, isLatest } = recorded;
    if (report.outcome === 'failed') await this.keepError(recorded);
    // Once for each reason, not at each run that fails for it.
    const isNews = report.outcome === 'failed' && before.error_code !== codeOf(report);
    if (isNews && isLatest) tellIntegrator(this.webhooks, 'registered.failed', before);
    if (report.stopped === true && isLatest) await this.stopped(recorded);
    if (report.outcome === 'changed' && isLatest) {
      await this.turns.take(before.site_id, () => this.changed(recorded));
    }
  }

  private async stopped({ before, report }: RecordedRun): Promise<void> {
    const { registered_id: id } = before;
    await this.ending.giveUp(id, 'cancelled', codeOf(report)).catch(() => undefined);
    const run = Number(before.changed_run);
    if (run > 0) await this.parts.purge(before, [run], 'cancelled');
  }

  private async keepError({ before, report }: RecordedRun): Promise<void> {
    const { sealedError, run } = report;
    if (!sealedError) return;
    const { keyEnvelope } = sealedError;
    const sealed = Buffer.from(sealedError.sealed, 'base64url');
    await this.parts.keep(before, run, runParts.error, { keyEnvelope, sealed });
  }

  private async changed({ before, report }: RecordedRun): Promise<void> {
    const link = this.links.find(before.site_id);
    if (link) await this.parts.fetch(link, before, report.run).catch(() => undefined);
    const superseded = Number(before.changed_run);
    if (superseded > 0) await this.parts.forgetRows(before, superseded);
    tellIntegrator(this.webhooks, 'registered.changed', before);
    await this.database
      .updateTable('registered_queries')
      .set({ announced_run: String(report.run) })
      .where('registered_id', '=', report.registeredId)
      .where('announced_run', '<', String(report.run))
      .execute()
      .catch(() => undefined);
  }
}
