import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';

import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import {
  RecordWebhookEvents,
  type DueDelivery,
} from '#apps/broker/src/webhooks/record-webhook-events.js';
import { WakeDeliveries } from '#apps/broker/src/webhooks/wake-deliveries.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

export interface PermissionChange {
  type: 'grant.requested' | 'grant.approved' | 'grant.changed' | 'grant.revoked';
  integratorId: string;
  siteIds: readonly string[];
  /** Absent for a request. */
  grantId?: string;
}

/** Who has to hear that a permission, or a request for one, changed: the nodes and the integrator. */
@Injectable()
export class GrantNews {
  constructor(
    private readonly broadcast: Broadcast,
    private readonly events: RecordWebhookEvents,
    private readonly deliveries: WakeDeliveries,
    private readonly clock: Clock,
  ) {}

  /** Within the transaction of the change: the integrator is told exactly when it is stored. */
  record(within: Transaction<Database>, change: PermissionChange): Promise<DueDelivery[]> {
    const { type, integratorId, siteIds, grantId } = change;
    const occurredAtMs = this.clock.now();
    const about = { type, integratorId, occurredAtMs, ...(grantId !== undefined && { grantId }) };
    return this.events.execute(
      siteIds.map((siteId) => ({ ...about, siteId })),
      within,
    );
  }

  /** After the commit. @param due of `record` */
  async tell(siteIds: readonly string[], due: readonly DueDelivery[]): Promise<void> {
    for (const siteId of siteIds) await this.broadcast.publish('grant.changed', siteId);
    await this.deliveries.now(due);
  }
}
