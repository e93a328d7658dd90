import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { isRange } from '#apps/broker/src/access/address-ranges.js';
import { makeApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import type { CreateKeyDto } from '#libs/contracts/operator.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** So that a key can be replaced without a gap, and no more. */
export const liveKeysPerIntegrator = 2;

export interface IssuedKey {
  keyId: string;
  /** Shown once; only an HMAC of its secret is kept. */
  key: string;
}

@Injectable()
export class IssueApiKey {
  constructor(
    private readonly kysely: Kysely<Database>,
    private readonly config: BrokerConfig,
    private readonly audit: AuditTrail,
    private readonly broadcast: Broadcast,
    private readonly clock: Clock,
  ) {}

  /** @throws ConduitError REGISTRY_ENTRY_NOT_FOUND, KEY_LIMIT, REQUEST_INVALID */
  async execute(integratorId: string, order: CreateKeyDto): Promise<IssuedKey> {
    refuseBadRanges(order.addressRanges ?? []);
    const { text, keyId, secret } = makeApiKey(this.config.environment);
    await this.kysely.transaction().execute(async (within) => {
      await this.requireRoom(within, integratorId);
      await within
        .insertInto('api_keys')
        .values({
          key_id: keyId,
          integrator_id: integratorId,
          name: order.name,
          secret_hmac: secretHmac(secret, this.config.keyPepper.reveal()),
          site_ids: JSON.stringify(order.siteIds ?? []),
          address_ranges: JSON.stringify(order.addressRanges ?? []),
          expires_at: order.expiresAt === undefined ? null : new Date(order.expiresAt),
        })
        .execute();
      const record = { type: 'key.created', integrator: integratorId, keyId } as const;
      await this.audit.record({ ...record, actorRef: 'operator' }, within);
    });
    await this.broadcast.publish('key.changed', keyId);
    return { keyId, key: text };
  }

  /** Locks the integrator's row, so that two orders at once cannot both find room. */
  private async requireRoom(within: Transaction<Database>, integratorId: string): Promise<void> {
    const integrator = await within
      .selectFrom('integrators')
      .select('integrator_id')
      .where('integrator_id', '=', integratorId)
      .forUpdate()
      .executeTakeFirst();
    if (!integrator) {
      throw new ConduitError('REGISTRY_ENTRY_NOT_FOUND', { facts: { field: 'integratorId' } });
    }
    const now = new Date(this.clock.now());
    const live = await within
      .selectFrom('api_keys')
      .select('key_id')
      .where('integrator_id', '=', integratorId)
      .where('revoked_at', 'is', null)
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', now)]))
      .execute();
    if (live.length >= liveKeysPerIntegrator) throw new ConduitError('KEY_LIMIT');
  }
}

function refuseBadRanges(ranges: readonly string[]): void {
  const problems = ranges
    .map((range, index) => ({ range, field: `addressRanges[${index}]` }))
    .filter(({ range }) => !isRange(range))
    .map(({ field }) => ({ field, problem: 'must be an address or a CIDR range' }));
  if (problems.length > 0) throw new InvalidFields(problems);
}
