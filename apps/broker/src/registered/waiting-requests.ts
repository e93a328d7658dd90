/**
 * Requests of registered queries that their agent has not taken yet, sealed to it. They wait in the
 * transient store: one that is lost there is told to its integrator, never guessed.
 */
import { Injectable } from '@nestjs/common';
import type { RegisteredRow } from '#apps/broker/src/registered/registered-row.js';
import { TransientBudget, type Holder } from '#apps/broker/src/transient/transient-budget.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

type Owner = Pick<RegisteredRow, 'registered_id' | 'integrator_id' | 'site_id' | 'ends_at'>;

const keyOf = (id: string): string => `conduit:registered:{${id}}`;
/** A renewal moves the end of a query that still waits. */
const MOST_MS = 2 * 86_400_000;

@Injectable()
export class WaitingRequests {
  constructor(
    private readonly store: TransientStore,
    private readonly budget: TransientBudget,
  ) {}

  /** @throws ConduitError QUEUE_UNAVAILABLE, TRANSIENT_STORE_FULL */
  async keep(owner: Owner, sealed: Buffer): Promise<void> {
    const untilMs = owner.ends_at.getTime() + MOST_MS;
    if (!(await this.budget.take(holderOf(owner), sealed.length, untilMs))) {
      throw new ConduitError('TRANSIENT_STORE_FULL');
    }
    await this.store.ask((redis) => redis.set(keyOf(owner.registered_id), sealed, 'PXAT', untilMs));
  }

  /** @throws ConduitError QUEUE_UNAVAILABLE: it may be there all the same */
  async read({ registered_id }: Owner): Promise<Buffer | undefined> {
    const sealed = await this.store.ask((redis) => redis.getBuffer(keyOf(registered_id)));
    return sealed ?? undefined;
  }

  /** Never rejects: what stays behind ends by its own time. */
  async drop(owner: Owner): Promise<void> {
    try {
      const gone = await this.store.ask((redis) => redis.del(keyOf(owner.registered_id)));
      if (gone > 0) await this.budget.giveBack(holderOf(owner));
    } catch {
      // Redis is away.
    }
  }
}

function holderOf(owner: Owner): Holder {
  const { registered_id: id, integrator_id: integratorId, site_id: siteId } = owner;
  return { kind: 'request', id, integratorId, siteId };
}
