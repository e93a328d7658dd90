/**
 * A passkey's word for one action, from the browser's side. What the authenticator is asked to sign is
 * compared with what the page has shown before it is asked: a broker that offers something else to
 * sign gets nothing.
 */
import type { ActionText, ActionValue, StepUp } from '#libs/console-api/session.js';
import { Problem } from '#apps/console/src/api/request.js';
import { beginStepUp } from '#apps/console/src/api/session.js';
import { askPasskey } from './passkey-ceremonies.js';

/** Put in by the broker. */
const ADDED = new Set(['personId', 'at', 'stepUpId']);

/**
 * @param action every field that matters, as the page shows it
 * @returns what the acting call carries; good once, for five minutes
 * @throws Problem
 */
export async function stepUp(action: ActionText): Promise<StepUp> {
  const begun = await beginStepUp(action);
  const isMeant =
    isSame(meaning(action), meaning(JSON.parse(begun.action) as ActionText)) &&
    begun.options.challenge === (await actionChallenge(begun.action));
  if (!isMeant) throw otherAction();
  return { stepUpId: begun.stepUpId, credential: await askPasskey(begun.options) };
}

/** SHA-256("conduit-action-v1" ‖ canonical action), base64url. */
export async function actionChallenge(action: string): Promise<string> {
  const bytes = new TextEncoder().encode(`conduit-action-v1${action}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

const meaning = (action: ActionText): ActionValue =>
  Object.fromEntries(
    Object.entries(action).filter(([field, value]) => !ADDED.has(field) && value !== undefined),
  );

export function isSame(one: ActionValue, other: ActionValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [Object.entries(one), new Map(Object.entries(other))];
  return (
    left.length === right.size &&
    left.every(([field, value]) => right.has(field) && isSame(value, right.get(field) ?? null))
  );
}

const otherAction = (): Problem =>
  new Problem({
    status: 400,
    code: 'ACTION_CHANGED',
    title: 'What you were asked to sign is not what this page shows.',
    remedy: 'Nothing was signed. Tell Conduit’s support.',
  });
