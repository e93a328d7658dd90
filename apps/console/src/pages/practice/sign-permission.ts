/**
 * A permission signed by the owner's passkey. The challenge is made again from the document before the
 * authenticator is asked: what is signed is the text whose lines were read, or nothing.
 */
import type { DraftedPermission, Permission } from '#libs/console-api/practice.js';
import { proposePermission } from '#apps/console/src/api/practice.js';
import { Problem } from '#apps/console/src/api/request.js';
import { askPasskey } from '#apps/console/src/session/passkey-ceremonies.js';

/** SHA-256("conduit-grant-v1" ‖ document), base64url. */
export async function grantChallenge(document: string): Promise<string> {
  const bytes = new TextEncoder().encode(`conduit-grant-v1${document}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** SHA-256 of a statement's exact text, hexadecimal, as permissions name it. */
export async function statementFingerprint(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @throws Problem */
export async function signPermission(
  practiceId: string,
  { document, options }: DraftedPermission,
): Promise<Permission> {
  if (options.challenge !== (await grantChallenge(document))) {
    throw new Problem({
      status: 400,
      code: 'DOCUMENT_CHANGED',
      title: 'What you were asked to sign is not what this page shows.',
      remedy: 'Nothing was signed. Tell Conduit’s support.',
    });
  }
  return proposePermission(practiceId, { document, credential: await askPasskey(options) });
}
