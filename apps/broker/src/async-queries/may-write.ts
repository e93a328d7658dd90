import type { QueryDto } from '#libs/contracts/command.js';
import { checkReadOnly } from '#libs/tsql/read-only.js';

/** Longer texts are not looked through: they cost more than the look is worth. */
const MAX_LOOK_CHARACTERS = 32_768;

/**
 * Whether a query may change something. False only for one plain SELECT: that can be run again after
 * a cut without asking anybody.
 */
export function mayWrite({ command }: QueryDto): boolean {
  const { type = 'text', executionMode = 'reader', text } = command;
  if (type !== 'text' || executionMode === 'nonQuery') return true;
  return text.length > MAX_LOOK_CHARACTERS || !checkReadOnly(text).ok;
}
