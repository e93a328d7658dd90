/**
 * The secret of the API key that came with a request, as bytes: what opens the caller's own results.
 * It lives as long as the call that needs it and is kept nowhere.
 */
import type { FastifyRequest } from 'fastify';
import { parseApiKey } from '#apps/broker/src/access/api-key.js';
import { KEY_HEADER } from '#apps/broker/src/access/integrator-door.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Secret } from '#libs/kernel/secret.js';

/** Of a request that the guard has let in. */
export function presentedSecret(request: FastifyRequest): Secret<Buffer> {
  const key = parseApiKey(String(request.headers[KEY_HEADER] ?? ''));
  if (!key) throw new ConduitError('KEY_INVALID');
  return new Secret(Buffer.from(key.secret, 'base64url'));
}
