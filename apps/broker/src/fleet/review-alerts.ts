import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable, type Transaction } from 'kysely';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { conditionOf, isDue, type AlertCondition } from '#apps/broker/src/fleet/alert-condition.js';
import { hoursOfAgents } from '#apps/broker/src/fleet/agent-hours.js';
import { ownersToTell } from '#apps/broker/src/fleet/owner-mail.js';
import type { FleetRow } from '#apps/broker/src/fleet/fleet-row.js';
import type { AlertRulesTable } from '#libs/db/fleet-tables.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

/**
 * What comes back within this time is the same alert, and nobody is told again; so long, too, the word
 * that it is over waits.
 */
export const SAME_ALERT_MS = 600_000;

/** So many are opened or closed in one transaction: a region that goes dark is thousands. */
const TOGETHER = 200;

type Rule = Selectable<AlertRulesTable>;
interface Wanted {
  rule: Rule;
  row: FleetRow;
  condition: AlertCondition;
}

interface OpenAlert {
  alert_id: string;
  rule_id: string;
  agent_id: string;
}

const keyOf = (ruleId: string, agentId: string): string => `${ruleId} ${agentId}`;
const keyOfWanted = ({ rule, row }: Wanted): string => keyOf(rule.rule_id, row.agent_id);

/**
 * Opens an alert when a rule's condition has lasted long enough and closes it when the condition is
 * gone. At most one is open for a rule and an agent, whatever the number of nodes.
 */
@Injectable()
export class ReviewAlerts {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  async execute(fleet: readonly FleetRow[]): Promise<void> {
    const nowMs = this.clock.now();
    const rules = await this.database.selectFrom('alert_rules').selectAll().execute();
    const active = rules.filter((rule) => rule.is_on);
    const wanted = active.flatMap((rule) =>
      fleet.flatMap((row): Wanted[] => {
        const condition = conditionOf(rule, row, nowMs);
        return condition ? [{ rule, row, condition }] : [];
      }),
    );
    const open = await this.database
      .selectFrom('alerts')
      .select(['alert_id', 'rule_id', 'agent_id'])
      .where('closed_at', 'is', null)
      .orderBy('alert_id')
      .execute();
    const opened = new Set(open.map((alert) => keyOf(alert.rule_id, alert.agent_id)));
    const lasting = new Set(wanted.map(keyOfWanted));
    const isOver = (alert: OpenAlert) => !lasting.has(keyOf(alert.rule_id, alert.agent_id));
    const fresh = wanted.filter((one) => !opened.has(keyOfWanted(one)));
    const due = await this.dueOf(fresh, nowMs);
    // In one order at every node: two that do the same must not wait for each other.
    due.sort((a, b) => (keyOfWanted(a) < keyOfWanted(b) ? -1 : 1));
    const openedNow = await this.each(due, (within, one) => this.open(within, one, nowMs));
    const ruleOf = new Map(rules.map((rule) => [rule.rule_id, rule]));
    const closedNow = await this.each(open.filter(isOver), async (within, alert) => {
      const rule = ruleOf.get(alert.rule_id);
      return rule !== undefined && this.close(within, alert, rule, nowMs);
    });
    if (openedNow || closedNow) await this.broadcast.publish('alert.changed', 'all');
  }

  /** @returns whether any of them changed something */
  private async each<One>(
    all: readonly One[],
    change: (within: Transaction<Database>, one: One) => Promise<boolean>,
  ): Promise<boolean> {
    let hasChanged = false;
    for (let at = 0; at < all.length; at += TOGETHER) {
      await this.database.transaction().execute(async (within) => {
        for (const one of all.slice(at, at + TOGETHER)) {
          if (await change(within, one)) hasChanged = true;
        }
      });
    }
    return hasChanged;
  }

  private async dueOf(fresh: Wanted[], nowMs: number): Promise<Wanted[]> {
    const agentIds = fresh.filter(({ rule }) => rule.keeps_hours).map(({ row }) => row.agent_id);
    const hours = await hoursOfAgents(this.database, [...new Set(agentIds)]);
    return fresh.filter(({ rule, row, condition }) => {
      const terms = { afterMs: rule.after_seconds * 1_000, keepsHours: rule.keeps_hours };
      return isDue(terms, condition, hours.get(row.agent_id) ?? [], nowMs);
    });
  }

  private async open(
    within: Transaction<Database>,
    { rule, row, condition }: Wanted,
    nowMs: number,
  ): Promise<boolean> {
    if (await this.reopen(within, rule.rule_id, row.agent_id, nowMs)) return true;
    const alert = await within
      .insertInto('alerts')
      .values({
        alert_id: randomUUID(),
        rule_id: rule.rule_id,
        agent_id: row.agent_id,
        cause: condition.cause,
        opened_at: new Date(nowMs),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('alert_id')
      .executeTakeFirst();
    if (!alert) return false;
    const about = { alertId: alert.alert_id, agentId: row.agent_id };
    await this.noteFor(within, about, rule, 'opened', nowMs);
    return true;
  }

  private async reopen(
    within: Transaction<Database>,
    ruleId: string,
    agentId: string,
    nowMs: number,
  ): Promise<boolean> {
    const again = await within
      .updateTable('alerts')
      .set(({ eb }) => ({ closed_at: null, times: eb('times', '+', 1) }))
      .where('rule_id', '=', ruleId)
      .where('agent_id', '=', agentId)
      .where('closed_at', '>', new Date(nowMs - SAME_ALERT_MS))
      .returning('alert_id')
      .executeTakeFirst();
    if (!again) return false;
    await within
      .deleteFrom('alert_notices')
      .where('alert_id', '=', again.alert_id)
      .where('what', '=', 'closed')
      .where('sent_at', 'is', null)
      .execute();
    return true;
  }

  private async close(
    within: Transaction<Database>,
    alert: OpenAlert,
    rule: Rule,
    nowMs: number,
  ): Promise<boolean> {
    const closed = await within
      .updateTable('alerts')
      .set({ closed_at: new Date(nowMs) })
      .where('alert_id', '=', alert.alert_id)
      .where('closed_at', 'is', null)
      .returning('alert_id')
      .executeTakeFirst();
    if (!closed) return false;
    const about = { alertId: alert.alert_id, agentId: alert.agent_id };
    await this.noteFor(within, about, rule, 'closed', nowMs + SAME_ALERT_MS);
    return true;
  }

  private async noteFor(
    within: Transaction<Database>,
    { alertId, agentId }: { alertId: string; agentId: string },
    rule: Rule,
    what: 'opened' | 'closed',
    dueMs: number,
  ): Promise<void> {
    // Theirs to mend, and they may not look at the console before tomorrow.
    const owners =
      rule.kind === 'revocation-unconfirmed' ? await ownersToTell(within, agentId) : [];
    const targets = [
      ...owners.map((target) => ({ channel: 'owner' as const, target })),
      ...rule.emails.map((target) => ({ channel: 'mail' as const, target })),
      ...(rule.webhook_url === null
        ? []
        : [{ channel: 'webhook' as const, target: rule.webhook_url }]),
    ];
    if (targets.length === 0) return;
    const rows = targets.map((one) => ({
      ...{ notice_id: randomUUID(), alert_id: alertId, what, due_at: new Date(dueMs) },
      ...one,
    }));
    await within.insertInto('alert_notices').values(rows).execute();
  }
}
