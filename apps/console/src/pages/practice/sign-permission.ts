/**
 * A permission signed by the owner's passkey. The challenge is made again from the document before the
 * authenticator is asked: what is signed is the text whose lines were read, or nothing.
 */
import type {
  DraftedPermission,
  Permission,
  ProposePermissionRequest,
} from '#libs/console-api/practice.js';
import type { StatementText } from '#libs/console-api/statement.js';
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

/** Whether a permission that names this scope permits this very text. */
export const isTextOf = async (scope: string, text: string): Promise<boolean> =>
  scope === `statement:${await statementFingerprint(text)}`;

const notWhatWasShown = () =>
  new Problem({
    status: 400,
    code: 'DOCUMENT_CHANGED',
    title: 'What you were asked to sign is not what this page shows.',
    remedy: 'Nothing was signed. Tell Conduit’s support.',
  });

/** @throws Problem when a chosen statement's text is not the one that its scope stands for */
export async function requireTexts(
  statements: readonly StatementText[],
  scopes: readonly string[],
): Promise<void> {
  for (const { scope, text } of statements)
    if (scopes.includes(scope) && !(await isTextOf(scope, text))) throw notWhatWasShown();
}

/** @param scopes what was chosen: the document may name nothing else. Absent: it ends a permission */
function namesOnly(document: string, scopes: readonly string[] | undefined): boolean {
  const named = JSON.parse(document) as { scopes: string[]; revoked?: boolean };
  if (scopes === undefined) return named.revoked === true;
  return named.scopes.every((scope) => scopes.includes(scope));
}

/** @throws Problem */
export async function signPermission(
  practiceId: string,
  { document, options }: DraftedPermission,
  scopes: readonly string[] | undefined,
  answers?: ProposePermissionRequest['answers'],
): Promise<Permission> {
  const isShown = options.challenge === (await grantChallenge(document));
  if (!isShown || !namesOnly(document, scopes)) throw notWhatWasShown();
  const credential = await askPasskey(options);
  return proposePermission(practiceId, { document, credential, ...(answers && { answers }) });
}
