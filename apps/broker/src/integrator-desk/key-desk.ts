/** An integrator's keys at the console. Each act is confirmed by a passkey over exactly that act. */
import { Injectable } from '@nestjs/common';
import { Kysely, type Selectable } from 'kysely';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { KeyActs } from '#apps/broker/src/integrator-desk/key-acts.js';
import { KeyBounds } from '#apps/broker/src/integrator-desk/key-bounds.js';
import { keyLimits } from '#apps/broker/src/integrators/key-room.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import type {
  ApiKey,
  ApiKeys,
  CreateKeyRequest,
  KeyState,
  MadeKey,
  RotateKeyRequest,
} from '#libs/console-api/integrator.js';
import type { StepUp } from '#libs/console-api/session.js';
import type { ApiKeysTable, Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

const order: Record<KeyState, number> = { live: 0, ending: 1, expired: 2, revoked: 3 };

@Injectable()
export class KeyDesk {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly bounds: KeyBounds,
    private readonly stepUps: StepUps,
    private readonly acts: KeyActs,
    private readonly clock: Clock,
  ) {}

  async list(integratorId: string): Promise<ApiKeys> {
    const rows = await this.database
      .selectFrom('api_keys')
      .selectAll()
      .where('integrator_id', '=', integratorId)
      .where('jwks', 'is', null)
      .orderBy('created_at', 'desc')
      .orderBy('key_id')
      .execute();
    const replaced = new Set<string>();
    const keys = rows.map((row) => {
      const key = keyView(row, this.clock.now(), replaced.has(row.name));
      if (key.state === 'live') replaced.add(row.name);
      return key;
    });
    keys.sort((one, other) => order[one.state] - order[other.state]);
    return { keys, ...keyLimits };
  }

  /** @throws ConduitError STEP_UP_REFUSED, KEY_LIMIT; InvalidFields */
  async create(
    integratorId: string,
    person: SignedInPerson,
    { name, expiresAt, siteIds = [], addressRanges = [], stepUp }: CreateKeyRequest,
  ): Promise<MadeKey> {
    this.bounds.require(integratorId, { expiresAt, siteIds, addressRanges });
    const bounds = { siteIds, addressRanges, ...(expiresAt !== undefined && { expiresAt }) };
    const action = { type: 'api-key.create', integratorId, name, ...bounds };
    await this.stepUps.require(person, action, stepUp);
    return this.acts.create(integratorId, { name, ...bounds }, person.personId);
  }

  /** @throws ConduitError STEP_UP_REFUSED, KEY_LIMIT, CONSOLE_ENTRY_NOT_FOUND; InvalidFields */
  async rotate(
    integratorId: string,
    person: SignedInPerson,
    keyId: string,
    { overlapHours, expiresAt, stepUp }: RotateKeyRequest,
  ): Promise<MadeKey> {
    this.bounds.require(integratorId, { expiresAt });
    const terms = { keyId, overlapHours, ...(expiresAt !== undefined && { expiresAt }) };
    await this.stepUps.require(person, { type: 'api-key.rotate', integratorId, ...terms }, stepUp);
    return this.acts.rotate(integratorId, { ...terms, actorRef: person.personId });
  }

  /** @throws ConduitError STEP_UP_REFUSED, CONSOLE_ENTRY_NOT_FOUND */
  async revoke(
    integratorId: string,
    person: SignedInPerson,
    keyId: string,
    stepUp: StepUp,
  ): Promise<void> {
    await this.stepUps.require(person, { type: 'api-key.revoke', integratorId, keyId }, stepUp);
    await this.acts.revoke(keyId, { integratorId, personId: person.personId });
  }
}

export function keyView(row: Selectable<ApiKeysTable>, nowMs: number, isReplaced: boolean): ApiKey {
  const { revoked_at: revokedAt, expires_at: expiresAt } = row;
  const isExpired = (expiresAt?.getTime() ?? Infinity) <= nowMs;
  const alive = isReplaced && expiresAt ? 'ending' : 'live';
  return {
    keyId: row.key_id,
    name: row.name,
    state: revokedAt ? 'revoked' : isExpired ? 'expired' : alive,
    createdAt: row.created_at.toISOString(),
    siteIds: row.site_ids,
    addressRanges: row.address_ranges,
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}
