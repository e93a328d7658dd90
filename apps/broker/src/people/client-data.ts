import { ConduitError } from '#libs/errors/conduit-error.js';

/**
 * The challenge that a response says it answers, to find the ceremony by. Nothing is believed of it:
 * the ceremony found is the one that the response is then verified against.
 * @throws ConduitError PASSKEY_REFUSED when there is none to read
 */
export function challengeOf({ response }: { response: { clientDataJSON: string } }): string {
  try {
    const text = Buffer.from(response.clientDataJSON, 'base64url').toString('utf8');
    const { challenge } = JSON.parse(text) as { challenge?: unknown };
    if (typeof challenge === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(challenge)) return challenge;
  } catch {
    // Not JSON: there is no challenge in it.
  }
  throw new ConduitError('PASSKEY_REFUSED');
}
