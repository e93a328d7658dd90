/**
 * The Idempotency-Key of a write: the caller's own, or one minted here, so that whoever sends none can
 * still ask what became of the write. Reads cost nothing: what surely reads gets no key, and whether a
 * statement writes is the agent's to say.
 */
import { randomUUID } from 'node:crypto';
import type { CommandDto } from '#libs/contracts/command.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Grant } from '#libs/grants/grant.js';

export interface WriteKey {
  key: string;
  minted: boolean;
}

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

export const isWriteKey = (text: string): boolean => KEY.test(text);

/**
 * The key that the caller sent; undefined when it sent none.
 * @throws ConduitError IDEMPOTENCY_KEY_INVALID
 */
export function givenKey(
  headers: Record<string, string | string[] | undefined>,
): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !KEY.test(given))
    throw new ConduitError('IDEMPOTENCY_KEY_INVALID');
  return given;
}

/**
 * The key under which the query is to run; undefined for one that surely reads and brought none.
 * @throws ConduitError IDEMPOTENCY_KEY_REQUIRED when the grant wants the caller's own
 */
export function writeKeyFor(
  given: string | undefined,
  command: CommandDto,
  grant: Grant,
): WriteKey | undefined {
  if (given !== undefined) return { key: given, minted: false };
  // Nobody but the database knows what a procedure does: it is a write to the agent too.
  const isProcedure = command.type === 'storedProcedure';
  if (isProcedure && grant.writes?.callerKey === 'required')
    throw new ConduitError('IDEMPOTENCY_KEY_REQUIRED');
  return isProcedure || coversWritingText(grant) ? { key: randomUUID(), minted: true } : undefined;
}

const known = new WeakMap<Grant, boolean>();

/** Whether any scope of the grant lets a statement's text change data. Looked at once a grant. */
function coversWritingText(grant: Grant): boolean {
  let covers = known.get(grant);
  if (covers === undefined) {
    covers = grant.scopes.some((scope) => scope === 'sql:write' || scope.startsWith('statement:'));
    known.set(grant, covers);
  }
  return covers;
}
