/**
 * Ends a registered query at its integrator's word: in the registry at once, at the agent as soon as it
 * can be reached; its results are removed here and, with it, there.
 */
import { Injectable } from '@nestjs/common';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { EndRegistered } from '#apps/broker/src/registered/end-registered.js';
import { ForgetRegistered } from '#apps/broker/src/registered/forget-registered.js';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';

@Injectable()
export class CancelRegistered {
  constructor(
    private readonly ending: EndRegistered,
    private readonly forget: ForgetRegistered,
    private readonly broadcast: Broadcast,
  ) {}

  /** One that has ended already only loses its results. @throws ConduitError AUDIT_UNAVAILABLE */
  async execute(row: RegisteredRow, requestId: string): Promise<void> {
    await this.ending.cancel(row, requestId);
    await this.forget.purge(row, 'cancelled');
    await this.broadcast.publish('registered.changed', row.registered_id);
  }
}
