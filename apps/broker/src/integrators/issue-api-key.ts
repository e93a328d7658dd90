import { Injectable } from '@nestjs/common';
import { Kysely, type Transaction } from 'kysely';
import { isRange } from '#apps/broker/src/access/address-ranges.js';
import { makeApiKey, secretHmac } from '#apps/broker/src/access/api-key.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { Broadcast } from '#apps/broker/src/broadcast/broadcast.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { requireKeyRoom } from '#apps/broker/src/integrators/key-room.js';
import type { CreateKeyDto } from '#libs/contracts/operator.js';
import { InvalidFields } from '#libs/contracts/read-dto.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

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

  /**
   * @param actorRef a personId, or `operator`
   * @throws ConduitError REGISTRY_ENTRY_NOT_FOUND, KEY_LIMIT, REQUEST_INVALID
   */
  async execute(
    integratorId: string,
    order: CreateKeyDto,
    actorRef = 'operator',
  ): Promise<IssuedKey> {
    const made = await this.kysely
      .transaction()
      .execute((within) => this.within(within, integratorId, order, actorRef));
    await this.broadcast.publish('key.changed', made.keyId);
    return made;
  }

  /** Whoever calls this publishes `key.changed` after the commit. @throws as `execute` */
  async within(
    within: Transaction<Database>,
    integratorId: string,
    order: CreateKeyDto,
    actorRef: string,
  ): Promise<IssuedKey> {
    refuseBadRanges(order.addressRanges ?? []);
    await requireKeyRoom(within, integratorId, order.name, new Date(this.clock.now()));
    const { text, keyId, secret } = makeApiKey(this.config.environment);
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
    const record = { type: 'key.created', integrator: integratorId, keyId, actorRef } as const;
    await this.audit.record(record, within);
    return { keyId, key: text };
  }
}

/** @throws InvalidFields */
export function refuseBadRanges(ranges: readonly string[]): void {
  const problems = ranges
    .map((range, index) => ({ range, field: `addressRanges[${index}]` }))
    .filter(({ range }) => !isRange(range))
    .map(({ field }) => ({ field, problem: 'must be an address or a CIDR range' }));
  if (problems.length > 0) throw new InvalidFields(problems);
}
