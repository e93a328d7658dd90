/**
 * The secret that came with a request, as bytes: what opens the caller's own results. It is the API
 * key's, or the one that an OAuth client put into its token. It lives as long as the call that needs it and is kept nowhere.
 */
import type { FastifyRequest } from 'fastify';
import { bearerOf, readAccessToken } from '#apps/broker/src/access/access-token.js';
import { parseApiKey } from '#apps/broker/src/access/api-key.js';
import { KEY_HEADER } from '#apps/broker/src/access/integrator-door.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';

/**
 * Of a request that the guard has let in.
 * @throws ConduitError TOKEN_WITHOUT_SECRET for a token that holds none
 */
export function presentedSecret({ headers }: FastifyRequest): Secret<Buffer> {
  const presented = headers[KEY_HEADER];
  if (presented === undefined) {
    const token = readAccessToken(bearerOf(headers.authorization) ?? '');
    if (!token?.resultSecret) throw new ConduitError('TOKEN_WITHOUT_SECRET');
    return new Secret(token.resultSecret);
  }
  const key = parseApiKey(String(presented));
  if (!key) throw new ConduitError('KEY_INVALID');
  return new Secret(Buffer.from(key.secret, 'base64url'));
}
