/**
 * Whether a text can become a statement that practices agree to: it holds no facts of anybody, names
 * no other database, runs nothing that its text does not show, and does one thing that a person can
 * read. It also says whether it changes data, as the practice's server will decide it.
 */
import { catalogueFault } from '#libs/tsql/catalogue-names.js';
import { checkFactFree, factReasons } from '#libs/tsql/fact-free.js';
import { forbiddenPrefixes, forbiddenWords } from '#libs/tsql/forbidden-words.js';
import type { Token } from '#libs/tsql/lexer.js';
import { checkReadOnly } from '#libs/tsql/read-only.js';
import { secondStatementAt } from '#libs/tsql/second-statement.js';
import { isName, isOperator, isWord } from '#libs/tsql/tokens.js';

/** UTF-16 code units: more is not read by anybody before they agree. */
export const maxAgreedCharacters = 8_000;

export const agreedReasons = [
  ...factReasons,
  'empty',
  'tooLong',
  'otherCatalogue',
  'hiddenCode',
  'notOneStatement',
  'notDataStatement',
] as const;
export type AgreedReason = (typeof agreedReasons)[number];

export type AgreedVerdict =
  | { ok: true; changes: boolean }
  | { ok: false; reason: AgreedReason; line: number; column: number };

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
/** Of the words that a read may not say, those that a change of rows needs. */
const CHANGING_WORDS = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'INTO', 'SET']);

const isHidden = (token: Token): boolean =>
  isName(token) &&
  forbiddenPrefixes.some(
    ([prefix, reason]) => reason === 'procedure' && token.text.toLowerCase().startsWith(prefix),
  );

/** What no change that is agreed may say, and where. */
function changeFault(tokens: readonly Token[]): { reason: AgreedReason; at: number } | undefined {
  const [first] = tokens;
  if (!first) return { reason: 'empty', at: 0 };
  const changes = ({ kind, text }: Token): boolean => kind === 'word' && CHANGES.has(text);
  // WITH may also begin a SELECT … INTO.
  if (!(isWord(first, 'WITH') ? tokens.some(changes) : changes(first)))
    return { reason: 'notDataStatement', at: first.at };
  const secondAt = secondStatementAt(tokens);
  for (const [i, token] of tokens.entries()) {
    const isBetween = isOperator(token, ';') && i < tokens.length - 1;
    if (isBetween || i === secondAt) return { reason: 'notOneStatement', at: token.at };
    if (isHidden(token)) return { reason: 'hiddenCode', at: token.at };
    const forbidden = token.kind === 'word' ? forbiddenWords.get(token.text) : undefined;
    if (forbidden === undefined || CHANGING_WORDS.has(token.text)) continue;
    const isHiding = forbidden === 'execute' || forbidden === 'external';
    return { reason: isHiding ? 'hiddenCode' : 'notDataStatement', at: token.at };
  }
  return undefined;
}

function placeOf(sql: string, at: number): { line: number; column: number } {
  const before = sql.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/**
 * @param sql any text. Never throws.
 * @returns where it fails, lines and columns from 1
 */
export function checkAgreedStatement(sql: string): AgreedVerdict {
  const refuse = (reason: AgreedReason, at: number): AgreedVerdict => ({
    ok: false,
    reason,
    ...placeOf(sql, at),
  });
  if (sql.length > maxAgreedCharacters) return refuse('tooLong', maxAgreedCharacters);
  const facts = checkFactFree(sql);
  if (!facts.ok) return refuse(facts.reason, facts.at);
  if (catalogueFault(facts.tokens, []) !== undefined) return refuse('otherCatalogue', 0);
  if (checkReadOnly(sql, []).ok) return { ok: true, changes: false };
  const fault = changeFault(facts.tokens);
  return fault ? refuse(fault.reason, fault.at) : { ok: true, changes: true };
}
