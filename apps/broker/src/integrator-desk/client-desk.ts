/** An integrator's OAuth clients at the console. A passkey confirms exactly the keys that are registered. */
import { Injectable } from '@nestjs/common';
import { calculateJwkThumbprint } from 'jose';
import { Kysely } from 'kysely';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { ClientActs } from '#apps/broker/src/integrator-desk/client-acts.js';
import { keyView } from '#apps/broker/src/integrator-desk/key-desk.js';
import { StepUps } from '#apps/broker/src/people/step-ups.js';
import { TOKEN_PATH } from '#apps/broker/src/oauth/check-assertion.js';
import type { ClientKey, CreateClientRequest, OauthClients } from '#libs/console-api/integrator.js';
import type { StepUp } from '#libs/console-api/session.js';
import type { Database } from '#libs/db/schema.js';
import { Clock } from '#libs/kernel/clock.js';

@Injectable()
export class ClientDesk {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly stepUps: StepUps,
    private readonly acts: ClientActs,
    private readonly origin: ConsoleOrigin,
    private readonly clock: Clock,
  ) {}

  async list(integratorId: string): Promise<OauthClients> {
    const rows = await this.database
      .selectFrom('api_keys')
      .selectAll()
      .where('integrator_id', '=', integratorId)
      .where('jwks', 'is not', null)
      .orderBy('created_at', 'desc')
      .orderBy('key_id')
      .execute();
    const clients = rows.map(async (row) => {
      const { keyId: clientId, ...view } = keyView(row, this.clock.now(), false);
      const keys = await Promise.all((row.jwks?.keys ?? []).map(clientKeyOf));
      return { clientId, ...view, keys };
    });
    const [audience = ''] = this.origin.origins;
    return { clients: await Promise.all(clients), audience, tokenEndpoint: audience + TOKEN_PATH };
  }

  /** @throws ConduitError STEP_UP_REFUSED, KEY_LIMIT; InvalidFields */
  async create(
    integratorId: string,
    person: SignedInPerson,
    { name, jwks, expiresAt, siteIds = [], addressRanges = [], stepUp }: CreateClientRequest,
  ): Promise<{ clientId: string }> {
    const { keys } = jwks;
    const order = {
      ...{ name, jwks: { keys }, siteIds, addressRanges },
      ...(expiresAt !== undefined && { expiresAt }),
    };
    this.acts.require(integratorId, order);
    const action = { type: 'oauth-client.create', integratorId, ...order };
    await this.stepUps.require(person, action, stepUp);
    return this.acts.create(integratorId, order, person.personId);
  }

  /** @throws ConduitError STEP_UP_REFUSED, CONSOLE_ENTRY_NOT_FOUND */
  async revoke(
    integratorId: string,
    person: SignedInPerson,
    clientId: string,
    stepUp: StepUp,
  ): Promise<void> {
    const action = { type: 'oauth-client.revoke', integratorId, clientId };
    await this.stepUps.require(person, action, stepUp);
    await this.acts.revoke(clientId, { integratorId, personId: person.personId });
  }
}

async function clientKeyOf(key: object): Promise<ClientKey> {
  const { kty, crv, kid } = key as { kty?: string; crv?: string; kid?: string };
  const kind = crv === 'Ed25519' ? crv : kty === 'EC' ? `EC ${crv}` : (kty ?? '');
  const thumbprint = await calculateJwkThumbprint(key, 'sha256');
  return { kind, thumbprint, ...(kid !== undefined && { kid }) };
}
