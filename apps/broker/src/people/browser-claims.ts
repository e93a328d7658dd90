/**
 * What the browser said about a ceremony (WebAuthn §5.8.1), read before it is verified: to find the
 * ceremony by, and to refuse what the verifying library lets pass.
 */
import { ConduitError } from '#libs/errors/conduit-error.js';

interface WithClientData {
  response: { clientDataJSON: string };
}

function clientDataOf({ response }: WithClientData): Record<string, unknown> {
  try {
    const text = Buffer.from(response.clientDataJSON, 'base64url').toString('utf8');
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Not JSON: there is nothing in it.
  }
  throw new ConduitError('PASSKEY_REFUSED');
}

/**
 * The challenge that a response says it answers. Nothing is believed of it: the ceremony found by it
 * is the one that the response is then verified against.
 * @throws ConduitError PASSKEY_REFUSED when there is none to read
 */
export function challengeOf(credential: WithClientData): string {
  const { challenge } = clientDataOf(credential);
  if (typeof challenge === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(challenge)) return challenge;
  throw new ConduitError('PASSKEY_REFUSED');
}

/**
 * The console is in no frame of another page's, so no honest response says that it was; the library
 * accepts that for the sake of browsers that do not name the outer page.
 * @throws ConduitError PASSKEY_REFUSED
 */
export function requireOwnPage(credential: WithClientData): void {
  const { crossOrigin, topOrigin } = clientDataOf(credential);
  if ((crossOrigin ?? false) !== false || topOrigin !== undefined) {
    throw new ConduitError('PASSKEY_REFUSED');
  }
}
