import { Injectable } from '@nestjs/common';
import { KeyBounds } from '#apps/broker/src/integrator-desk/key-bounds.js';
import { requireClientKeys } from '#apps/broker/src/integrators/client-keys.js';
import { RegisterClient, type ClientOrder } from '#apps/broker/src/integrators/register-client.js';
import { RevokeApiKey } from '#apps/broker/src/integrators/revoke-api-key.js';

/** What can be done with OAuth clients: the desk asks for the person's confirmation first. */
@Injectable()
export class ClientActs {
  constructor(
    private readonly bounds: KeyBounds,
    private readonly registration: RegisterClient,
    private readonly revocation: RevokeApiKey,
  ) {}

  /** @throws InvalidFields: before anybody is asked for a passkey */
  require(integratorId: string, order: ClientOrder): void {
    requireClientKeys(order.jwks.keys);
    this.bounds.require(integratorId, order);
  }

  create(
    integratorId: string,
    order: ClientOrder,
    personId: string,
  ): Promise<{ clientId: string }> {
    return this.registration.execute(integratorId, order, personId);
  }

  revoke(clientId: string, by: { integratorId: string; personId: string }): Promise<void> {
    return this.revocation.execute(clientId, by);
  }
}
