import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import type { WebhookOwner } from '#apps/broker/src/webhooks/webhook-owner.js';
import type { WebhookRow } from '#apps/broker/src/webhooks/webhook-view.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * A key for some sites must not learn of others through an endpoint: it sees and makes only those
 * that name sites of its own.
 */
export function mayUse({ key }: WebhookOwner, siteIds: readonly string[]): boolean {
  const { siteIds: own } = key;
  return own === undefined || (siteIds.length > 0 && siteIds.every((id) => own.has(id)));
}

/** The endpoints of an integrator, as far as the key at hand may use them. */
@Injectable()
export class FindWebhooks {
  constructor(private readonly kysely: Kysely<Database>) {}

  /** Oldest first. */
  async execute(caller: WebhookOwner): Promise<WebhookRow[]> {
    const rows = await this.kysely
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('integrator_id', '=', caller.integratorId)
      .orderBy('created_at')
      .orderBy('webhook_id')
      .execute();
    return rows.filter((row) => mayUse(caller, row.site_ids));
  }

  /**
   * @param within a transaction in which the endpoint is about to be changed: it is locked
   * @throws ConduitError WEBHOOK_NOT_FOUND for unknown and foreign alike
   */
  async one(
    caller: WebhookOwner,
    webhookId: string,
    within?: Transaction<Database>,
  ): Promise<WebhookRow> {
    const row = await (within ?? this.kysely)
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('integrator_id', '=', caller.integratorId)
      .$if(within !== undefined, (query) => query.forUpdate())
      .executeTakeFirst();
    if (!row || !mayUse(caller, row.site_ids)) throw new ConduitError('WEBHOOK_NOT_FOUND');
    return row;
  }
}
