import { Injectable } from '@nestjs/common';
import { Kysely, sql, type Transaction } from 'kysely';
import { silenceMs, type SiteAvailability } from '#apps/broker/src/gateway/site-links.port.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import {
  RecordWebhookEvents,
  type DueDelivery,
} from '#apps/broker/src/webhooks/record-webhook-events.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import type { WebhookEvent } from '#libs/contracts/webhook-events.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';
import { coalesce } from '#libs/kernel/coalesce.js';

interface Change {
  siteId: string;
  now: SiteAvailability;
  before: SiteAvailability | null;
}

const LOOK_MS = 5_000;
/** Between two looks the wall clock and the machine's own may differ so much; more is a jump. */
const JUMP_MS = 20_000;
/** In this time every node has written again which agents it hears. */
const WRITTEN_AGAIN_MS = 60_000;

/**
 * Tells paired integrators that a site went online, offline or silent. The store keeps what was told
 * last; whichever node changes that row first is the one that tells, so each change is told once.
 */
@Injectable()
export class SiteNews {
  private timer: NodeJS.Timeout | undefined;
  private unsureUntilMs = Infinity;
  private clocksDifferMs = 0;

  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly record: RecordWebhookEvents,
    private readonly wake: WakeDeliveries,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  start(): void {
    // After an outage of the whole broker nobody has been heard of for long, through no fault of theirs.
    this.unsureUntilMs = this.clock.now() + silenceMs;
    this.clocksDifferMs = this.clock.now() - performance.now();
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Never rejects; a look that begins after the call has ended when it resolves. */
  readonly look = coalesce(async () => {
    try {
      this.noteJump();
      for (const change of await this.changes()) await this.tell(change);
    } catch {
      // While nobody could write, everybody seems silent.
      this.doubt();
      this.log.write('store.unavailable', { what: 'webhooks' });
    }
  });

  private noteJump(): void {
    const differMs = this.clock.now() - performance.now();
    if (Math.abs(differMs - this.clocksDifferMs) > JUMP_MS) this.doubt();
    this.clocksDifferMs = differMs;
  }

  private doubt(): void {
    this.unsureUntilMs = Math.max(this.unsureUntilMs, this.clock.now() + WRITTEN_AGAIN_MS);
  }

  private async changes(): Promise<Change[]> {
    const nowMs = this.clock.now();
    const silentSince = new Date(nowMs - silenceMs);
    const current = sql<SiteAvailability>`case
      when closed_at is not null then 'offline'
      when last_seen_at > ${silentSince} then 'online'
      else 'unreachable' end`;
    const rows = await this.kysely
      .selectFrom('sites')
      .leftJoin('site_availability as told', 'told.site_id', 'sites.site_id')
      .select(['sites.site_id', 'told.availability', current.as('current')])
      .where('last_seen_at', 'is not', null)
      .where('sites.status', 'in', ['initialising', 'active'])
      .where(sql<boolean>`told.availability is distinct from ${current}`)
      .execute();
    const isSure = nowMs >= this.unsureUntilMs;
    return rows
      .filter((row) => isSure || row.current !== 'unreachable')
      .map((row) => ({ siteId: row.site_id, now: row.current, before: row.availability }));
  }

  private async tell(change: Change): Promise<void> {
    const due = await this.kysely.transaction().execute(async (within) => {
      if (!(await this.take(within, change))) return [];
      // A site that was never told of has not gone anywhere.
      if (change.before === null && change.now !== 'online') return [];
      return this.recordFor(within, change);
    });
    await this.wake.now(due);
  }

  /** @returns false when another node has told it */
  private async take(within: Transaction<Database>, { siteId, now, before }: Change) {
    const row = { site_id: siteId, availability: now, since: new Date(this.clock.now()) };
    const taken = await within
      .insertInto('site_availability')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('site_id')
          .doUpdateSet({ availability: now, since: row.since })
          .where('site_availability.availability', '=', before ?? now)
          .where('site_availability.availability', '!=', now),
      )
      .returning('site_id')
      .executeTakeFirst();
    return taken !== undefined;
  }

  private async recordFor(
    within: Transaction<Database>,
    { siteId, now }: Change,
  ): Promise<DueDelivery[]> {
    const occurredAtMs = this.clock.now();
    const integratorIds = await this.pairedWith(within, siteId);
    const events = integratorIds.map((integratorId): WebhookEvent => ({
      type: `site.${now}`,
      integratorId,
      siteId,
      occurredAtMs,
    }));
    return this.record.execute(events, within);
  }

  /** Whoever may ask the site at this time, or waits to be let in. */
  private async pairedWith(within: Transaction<Database>, siteId: string): Promise<string[]> {
    const rows = await within
      .selectFrom('grants as grant')
      .select('integrator_id')
      .where('site_id', '=', siteId)
      .where('state', '=', 'active')
      .where('expires_at', '>', new Date(this.clock.now()))
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('grants as later')
              .select('later.grant_id')
              .whereRef('later.grant_id', '=', 'grant.grant_id')
              .whereRef('later.seq', '>', 'grant.seq'),
          ),
        ),
      )
      .union(
        within
          .selectFrom('access_requests')
          .select('integrator_id')
          .where('site_id', '=', siteId)
          .where('state', '=', 'pending'),
      )
      .execute();
    return rows.map((row) => row.integrator_id);
  }
}
