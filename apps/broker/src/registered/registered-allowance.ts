/** How many registered queries an integrator may have, and how often one may run. */
import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { RegisteredQueryDto } from '#libs/contracts/registered.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

@Injectable()
export class RegisteredAllowance {
  constructor(private readonly config: BrokerConfig) {}

  /** @throws InvalidFields */
  checkFrequency(frequency: number | undefined): void {
    const least = this.config.registeredMinSeconds;
    if (frequency === undefined || frequency >= least) return;
    throw new InvalidFields([{ field: 'frequency', problem: `must not be less than ${least}` }]);
  }

  /** @throws InvalidFields */
  checkQuery({ frequency, registerCommand }: RegisteredQueryDto): void {
    this.checkFrequency(frequency);
    if (registerCommand.command.executionMode !== 'nonQuery') return;
    const field = 'registerCommand.command.executionMode';
    throw new InvalidFields([{ field, problem: 'must be reader or scalar' }]);
  }

  /** @throws ConduitError REGISTERED_LIMIT */
  async requireRoom(
    within: Transaction<Database>,
    integratorId: string,
    siteId: string,
    now: Date,
  ): Promise<void> {
    const { all, here } = await within
      .selectFrom('registered_queries')
      .select((expression) => [
        expression.fn.countAll<string>().as('all'),
        expression.fn.countAll<string>().filterWhere('site_id', '=', siteId).as('here'),
      ])
      .where('integrator_id', '=', integratorId)
      .where('state', '=', 'enabled')
      .where('ends_at', '>', now)
      .executeTakeFirstOrThrow();
    const { registeredPerSite, registeredPerIntegrator } = this.config;
    if (Number(here) >= registeredPerSite) throw limited(registeredPerSite, 'site');
    if (Number(all) >= registeredPerIntegrator) throw limited(registeredPerIntegrator, 'all');
  }
}

function limited(limit: number, reason: string): ConduitError {
  return new ConduitError('REGISTERED_LIMIT', { facts: { limit, reason } });
}
