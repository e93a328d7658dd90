import { Injectable } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { AlertMail } from '#apps/broker/src/fleet/alert-mail.js';
import { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import type { AlertWord, NoticeOutcome } from '#apps/broker/src/fleet/alert-words.js';
import { EventLog } from '#apps/broker/src/logging/event-log.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const AT_ONCE = 1_000;
const MOST_ATTEMPTS = 8;
const FIRST_PAUSE_MS = 60_000;

interface ClaimedNotice extends AlertWord {
  notice_id: string;
  channel: 'mail' | 'webhook' | 'owner';
  target: string;
  attempts: number;
}

/**
 * Sends what is due: all of one target in one message, so that an outage of hundreds of agents is one
 * mail. A node that dies in the middle leaves its notices to be sent again after their pause.
 */
@Injectable()
export class SendNotices {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly mail: AlertMail,
    private readonly webhook: AlertWebhook,
    private readonly clock: Clock,
    private readonly log: EventLog,
  ) {}

  async execute(): Promise<void> {
    const claimed = await this.claim();
    const byTarget = new Map<string, ClaimedNotice[]>();
    for (const notice of claimed) {
      // Each letter to an owner is about one server, so that none is sent again for another's sake.
      const isLetter = notice.channel === 'owner';
      const key = isLetter ? notice.notice_id : `${notice.channel} ${notice.target}`;
      const known = byTarget.get(key);
      if (known) known.push(notice);
      else byTarget.set(key, [notice]);
    }
    await Promise.all([...byTarget.values()].map((notices) => this.send(notices)));
  }

  /** Pushes them off first: whoever claims one has it for its pause. */
  private async claim(): Promise<ClaimedNotice[]> {
    const now = new Date(this.clock.now());
    const { rows } = await sql<ClaimedNotice>`
      with due as (
        select notice_id from alert_notices
        where sent_at is null and failed_at is null and due_at <= ${now}
        order by due_at limit ${AT_ONCE} for update skip locked
      ), claimed as (
        update alert_notices as notice set
          attempts = attempts + 1,
          due_at = ${now}::timestamptz
            + make_interval(secs => ${FIRST_PAUSE_MS / 1_000} * power(2, least(attempts, 6)))
        from due where notice.notice_id = due.notice_id
        returning notice.*
      )
      select claimed.notice_id, claimed.channel, claimed.target, claimed.attempts, claimed.what,
        alerts.alert_id as "alertId", alert_rules.kind, alerts.agent_id as "agentId", alerts.cause,
        alerts.opened_at as "openedAt", alerts.closed_at as "closedAt", alerts.rule_id as "ruleId"
      from claimed join alerts using (alert_id) join alert_rules using (rule_id)
      order by alerts.opened_at`.execute(this.database);
    return rows;
  }

  private async send(notices: ClaimedNotice[]): Promise<void> {
    const [first] = notices as [ClaimedNotice];
    await this.settle(notices, await this.outcomeOf(first, notices));
  }

  private outcomeOf(first: ClaimedNotice, words: readonly AlertWord[]): Promise<NoticeOutcome> {
    const { channel, target } = first;
    switch (channel) {
      case 'mail':
        return this.mail.send(target, words);
      case 'owner':
        return this.mail.sendToOwner(target, first);
      case 'webhook':
        return this.webhook.send(target, words);
    }
  }

  private async settle(notices: ClaimedNotice[], outcome: NoticeOutcome): Promise<void> {
    const now = new Date(this.clock.now());
    const isOver = ({ attempts }: ClaimedNotice) =>
      outcome !== 'later' || attempts >= MOST_ATTEMPTS;
    const ids = notices.filter(isOver).map((notice) => notice.notice_id);
    if (ids.length === 0) return;
    if (outcome !== 'sent') this.log.write('alert-notices.failed', { count: ids.length });
    await this.database
      .updateTable('alert_notices')
      .set(outcome === 'sent' ? { sent_at: now } : { failed_at: now })
      .where('notice_id', 'in', ids)
      .execute();
  }
}
