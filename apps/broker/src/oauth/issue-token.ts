import { Injectable } from '@nestjs/common';
import { makeAccessToken, tokenKeyFrom } from '#apps/broker/src/access/access-token.js';
import { KeyDoor } from '#apps/broker/src/access/key-door.js';
import { AuditTrail } from '#apps/broker/src/audit/audit-trail.port.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { CheckAssertion } from '#apps/broker/src/oauth/check-assertion.js';
import { ConduitError, toConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** Short enough that a lost token is soon worth nothing; a client is ended at once by revoking it. */
export const tokenSeconds = 600;

/** base64url of 32 bytes: the last of 43 characters holds four bits. */
const RESULT_SECRET = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export interface TokenOrder {
  assertion: string;
  /** Where the client named itself beside its assertion. */
  clientId?: string;
  /** base64url of 32 bytes that the client keeps: what stored results are sealed to. */
  resultSecret?: string;
  address: string;
  requestId: string;
}

@Injectable()
export class IssueToken {
  constructor(
    private readonly assertions: CheckAssertion,
    private readonly door: KeyDoor,
    private readonly config: BrokerConfig,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns the token; it is stored nowhere
   * @throws ConduitError CLIENT_ASSERTION_REFUSED, REQUEST_INVALID, KEY_REVOKED, KEY_EXPIRED,
   *   KEY_ADDRESS_FORBIDDEN, RATE_LIMITED, AUDIT_UNAVAILABLE
   */
  async execute(order: TokenOrder): Promise<string> {
    const { resultSecret, address, requestId } = order;
    if (resultSecret !== undefined && !RESULT_SECRET.test(resultSecret)) {
      const facts = { field: 'result_secret', problem: 'must be base64url of 32 bytes' };
      throw new ConduitError('REQUEST_INVALID', { facts });
    }
    const client = await this.proven(order);
    const { keyId, integratorId } = this.door.admitProven(
      client,
      'CLIENT_ASSERTION_REFUSED',
      address,
      requestId,
    );
    await this.audit.record({ type: 'token.issued', integrator: integratorId, keyId, requestId });
    const endsAtMs = this.clock.now() + tokenSeconds * 1_000;
    return makeAccessToken(
      {
        clientId: keyId,
        endsAtMs,
        ...(resultSecret !== undefined && { resultSecret: Buffer.from(resultSecret, 'base64url') }),
      },
      this.config.environment,
      tokenKeyFrom(this.config.keyPepper.reveal()),
    );
  }

  private async proven({ assertion, clientId, requestId }: TokenOrder) {
    try {
      const client = await this.assertions.execute(assertion);
      if (clientId === undefined || clientId === client.keyId) return client;
      throw new ConduitError('CLIENT_ASSERTION_REFUSED', { facts: { reason: 'claims' } });
    } catch (error) {
      const { code, facts } = toConduitError(error);
      const { reason } = facts;
      this.audit.note({
        type: 'token.refused',
        requestId,
        outcome: 'refused',
        errorCode: code,
        ...(reason !== undefined && { reason }),
      });
      throw error;
    }
  }
}
