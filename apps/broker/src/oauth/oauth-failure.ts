/** A failure as OAuth clients read it (RFC 6749 §5.2), with our own code beside it. */
import { messageOf } from '#apps/broker/src/edge/error-body.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { toConduitError } from '#libs/errors/conduit-error.js';

export interface OauthErrorCode {
  error:
    'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'temporarily_unavailable';
  error_description: string;
  code: ErrorCode;
}

const ofClients: readonly ErrorCode[] = [
  'CLIENT_ASSERTION_REFUSED',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'KEY_ADDRESS_FORBIDDEN',
];

export function oauthFailure(thrown: unknown): { status: number; body: OauthErrorCode } {
  const error = toConduitError(thrown);
  const { code, facts } = error;
  const said = { error_description: messageOf(error), code };
  if (ofClients.includes(code)) return { status: 401, body: { error: 'invalid_client', ...said } };
  if (error.status >= 500 || error.status === 429) {
    return { status: error.status, body: { error: 'temporarily_unavailable', ...said } };
  }
  const isOtherGrant = facts.field === 'grant_type' && facts.problem !== 'is missing';
  const word = isOtherGrant ? 'unsupported_grant_type' : 'invalid_request';
  return { status: 400, body: { error: word, ...said } };
}
