import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { AlertWebhook } from '#apps/broker/src/fleet/alert-webhook.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { CallReceiver } from '#apps/broker/src/webhooks/call-receiver.js';
import type { AlertRule, ChangeAlertRuleRequest } from '#libs/console-api/operator.js';
import type { AlertRulesTable } from '#libs/db/fleet-tables.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/** The rules: one for each kind of trouble, changed by security officers. */
@Injectable()
export class AlertRules {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly webhook: AlertWebhook,
    private readonly receiver: CallReceiver,
    private readonly stepUps: StepUps,
    private readonly audit: AuditTrail,
  ) {}

  async list({ roles }: SignedInPerson): Promise<AlertRule[]> {
    const rows = await this.kysely
      .selectFrom('alert_rules')
      .selectAll()
      .orderBy('rule_id')
      .execute();
    const maySeeSecret = roles.some(({ role }) => role === 'operator-security');
    return rows.map((row) => this.view(row, maySeeSecret));
  }

  /** @throws ConduitError CONSOLE_ENTRY_NOT_FOUND, REQUEST_INVALID, STEP_UP_REFUSED */
  async change(
    person: SignedInPerson,
    ruleId: string,
    { stepUp, ...order }: ChangeAlertRuleRequest,
  ): Promise<AlertRule> {
    const { isOn, afterSeconds, threshold, keepsHours, emails, webhookUrl } = order;
    await this.require(ruleId);
    if (webhookUrl !== undefined) await this.requirePublic(webhookUrl);
    await this.stepUps.require(person, { type: 'alert-rule.change', ruleId, ...order }, stepUp);
    const row = await this.kysely.transaction().execute(async (within) => {
      const changed = await within
        .updateTable('alert_rules')
        .set({
          ...{ is_on: isOn, after_seconds: afterSeconds, keeps_hours: keepsHours },
          ...(threshold !== undefined && { threshold }),
          emails: JSON.stringify(emails),
          webhook_url: webhookUrl ?? null,
          updated_at: new Date(),
        })
        .where('rule_id', '=', ruleId)
        .returningAll()
        .executeTakeFirstOrThrow();
      const about = { reason: ruleId, actorRef: person.personId };
      await this.audit.record({ type: 'alert-rule.changed', ...about }, within);
      return changed;
    });
    return this.view(row, true);
  }

  private view(row: Selectable<AlertRulesTable>, maySeeSecret: boolean): AlertRule {
    const { webhook_url: webhookUrl } = row;
    return {
      ruleId: row.rule_id,
      kind: row.kind,
      isOn: row.is_on,
      afterSeconds: row.after_seconds,
      ...(row.threshold !== null && { threshold: row.threshold }),
      keepsHours: row.keeps_hours,
      emails: row.emails,
      ...(webhookUrl !== null && { webhookUrl }),
      ...(webhookUrl !== null &&
        maySeeSecret && { webhookSecret: this.webhook.secretFor(webhookUrl) }),
    };
  }

  private async require(ruleId: string): Promise<void> {
    const rule = await this.kysely
      .selectFrom('alert_rules')
      .select('rule_id')
      .where('rule_id', '=', ruleId)
      .executeTakeFirst();
    if (!rule) throw new ConduitError('CONSOLE_ENTRY_NOT_FOUND');
  }

  private async requirePublic(url: string): Promise<void> {
    const isRight = URL.canParse(url) && (await this.receiver.leadsOutside(new URL(url)));
    const problem = isRight
      ? 'must name a host that the residency manifest declares for alerts'
      : 'must be https and lead to a public address';
    if (isRight && this.webhook.isDeclared(url)) return;
    throw new ConduitError('REQUEST_INVALID', { facts: { field: 'webhookUrl', problem } });
  }
}
