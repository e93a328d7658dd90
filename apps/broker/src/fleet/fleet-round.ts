import { Injectable } from '@nestjs/common';
import { PurgeFleet } from '#apps/broker/src/fleet/purge-fleet.js';
import { ReviewAlerts } from '#apps/broker/src/fleet/review-alerts.js';
import { ReviewStates } from '#apps/broker/src/fleet/review-states.js';
import { SendNotices } from '#apps/broker/src/fleet/send-notices.js';

/** What is done at each look at the fleet, in this order. */
@Injectable()
export class FleetRound {
  constructor(
    private readonly states: ReviewStates,
    private readonly alerts: ReviewAlerts,
    private readonly notices: SendNotices,
    private readonly purge: PurgeFleet,
  ) {}

  async look(isSure: boolean): Promise<void> {
    await this.alerts.execute(await this.states.execute(isSure));
    await this.notices.execute();
  }

  tidy(): Promise<void> {
    return this.purge.execute();
  }
}
