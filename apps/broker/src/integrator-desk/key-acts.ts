import { Injectable } from '@nestjs/common';
import { IssueApiKey, type IssuedKey } from '#apps/broker/src/integrators/issue-api-key.js';
import { RevokeApiKey } from '#apps/broker/src/integrators/revoke-api-key.js';
import { RotateApiKey, type RotationOrder } from '#apps/broker/src/integrators/rotate-api-key.js';
import type { CreateKeyDto } from '#libs/contracts/operator.js';

/** What can be done with keys, in one hand: the desk asks for the person's confirmation first. */
@Injectable()
export class KeyActs {
  constructor(
    private readonly issue: IssueApiKey,
    private readonly rotation: RotateApiKey,
    private readonly revocation: RevokeApiKey,
  ) {}

  create(integratorId: string, order: CreateKeyDto, personId: string): Promise<IssuedKey> {
    return this.issue.execute(integratorId, order, personId);
  }

  rotate(integratorId: string, order: RotationOrder): Promise<IssuedKey> {
    return this.rotation.execute(integratorId, order);
  }

  revoke(keyId: string, by: { integratorId: string; personId: string }): Promise<void> {
    return this.revocation.execute(keyId, by);
  }
}
