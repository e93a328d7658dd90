/** The token endpoint, for the table of operations. */
import type { Operation } from '#apps/broker/src/reference/operation.js';

export const accessRoutes: readonly Operation[] = [
  {
    route: 'POST /oauth2/token',
    tag: 'Access',
    summary: 'Get an access token for a signed assertion',
    description:
      'OAuth 2 client credentials with private_key_jwt (RFC 6749 §4.4, RFC 7523 §2.2). The assertion: ' +
      'ES256, EdDSA, PS256 or RS256; iss and sub are the client id, aud is this API alone; iat, exp at ' +
      'most five minutes later, and a jti that serves once. The token lasts ten minutes and is taken as ' +
      '`Authorization: Bearer` wherever a key is. Async and registered queries seal their results to a ' +
      'secret of the caller: put 32 random bytes that you keep into every request as result_secret.',
    body: 'TokenRequest',
    bodyType: 'application/x-www-form-urlencoded',
    status: 200,
    answer: 'Token',
    errors: [],
    ownFailures: { schema: 'TokenError', statuses: [400, 401, 429, 500] },
  },
];
