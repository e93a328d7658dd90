/**
 * Whether a statement's text may be kept where results never are: it has no place in which somebody's
 * facts could stand. Texts in quotes, binary and long numbers, comments and names with many digits are
 * refused, each with its place; what differs from call to call belongs into parameters. What is left
 * are the words of SQL and the names of tables and columns.
 */
import { lex, lexicalFaults, type Token } from '#libs/tsql/lexer.js';
import { isOperator } from '#libs/tsql/tokens.js';

/** Words of ours: none holds anything of the text. */
export const factReasons = [
  ...lexicalFaults,
  'comment',
  'string',
  'literal',
  'comparedNumber',
  'name',
] as const;
export type FactReason = (typeof factReasons)[number];

export type FactVerdict =
  | { ok: true; tokens: readonly Token[] }
  /** `at`: offset in UTF-16 code units. */
  | { ok: false; reason: FactReason; at: number };

/** Longest name, and the digits it may hold: fewer than a date, a telephone or a Medicare number. */
const MAX_NAME = 64;
const MAX_NAME_DIGITS = 4;
/** Of a row count, of a number that is compared with a column, and of any other. */
const MAX_COUNT = 1_000_000;
const MAX_COMPARED = 9;
const MAX_NUMBER = 999;

const NAME = /^[\p{L}\p{M}\p{N}_@#$ -]+$/u;
const VARIABLE = /@[\p{L}\p{N}_@#$]*/uy;
const NUMBER = /\$?[\d.xXeEa-fA-F]+/y;
const COUNTS = new Set(['TOP', 'OFFSET', 'NEXT', 'FIRST']);
const COMPARE = new Set(['IN', 'VALUES', 'BETWEEN', 'AND', 'LIKE', 'ANY', 'SOME', 'ALL']);
const isComparison = (token: Token | undefined): boolean =>
  token?.kind === 'operator' && '=<>!'.includes(token.text);

function read(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? '';
}

const holdsNoFact = (name: string): boolean =>
  name.length <= MAX_NAME &&
  NAME.test(name) &&
  (name.match(/\p{N}/gu)?.length ?? 0) <= MAX_NAME_DIGITS;

class FactSearch {
  /** For each open parenthesis the word before it, or before the one around it. */
  private readonly openers: string[] = [];

  constructor(
    private readonly sql: string,
    private readonly tokens: readonly Token[],
  ) {}

  /** The first place that could hold a fact. */
  find(): { reason: FactReason; at: number } | undefined {
    for (let i = 0; i < this.tokens.length; i += 1) {
      const token = this.tokens[i] as Token;
      if (isOperator(token, '(')) this.openers.push(this.wordAt(i - 1) || this.opener);
      if (isOperator(token, ')')) this.openers.pop();
      const reason = this.faultOf(i, token);
      if (reason !== undefined) return { reason, at: token.at };
    }
    return undefined;
  }

  private faultOf(i: number, token: Token): FactReason | undefined {
    switch (token.kind) {
      case 'string':
        return 'string';
      case 'number':
        return this.numberFault(i, token);
      case 'variable':
        return holdsNoFact(read(VARIABLE, this.sql, token.at)) ? undefined : 'name';
      case 'quotedName':
        // Between double quotes: a name or a text, as the connection's settings have it.
        if (this.sql.charAt(token.at) === '"') return 'string';
        return holdsNoFact(token.text) ? undefined : 'name';
      case 'word':
        return holdsNoFact(token.text) ? undefined : 'name';
      case 'operator':
        return undefined;
    }
  }

  private numberFault(i: number, token: Token): FactReason | undefined {
    const written = read(NUMBER, this.sql, token.at);
    if (!/^\d{1,7}$/.test(written)) return 'literal';
    const value = Number(written);
    if (this.isCount(i)) return value <= MAX_COUNT ? undefined : 'literal';
    if (value > MAX_NUMBER) return 'literal';
    return value > MAX_COMPARED && this.isCompared(i) ? 'comparedNumber' : undefined;
  }

  /** `TOP 100`, `TOP (100)`, `OFFSET 20 ROWS`, `FETCH NEXT 20 ROWS`. */
  private isCount(i: number): boolean {
    const before = isOperator(this.tokens[i - 1], '(') ? i - 2 : i - 1;
    return COUNTS.has(this.wordAt(before));
  }

  private isCompared(i: number): boolean {
    let before = i - 1;
    while (['-', '+', '('].some((one) => isOperator(this.tokens[before], one))) before -= 1;
    let after = i + 1;
    while (isOperator(this.tokens[after], ')')) after += 1;
    if (isComparison(this.tokens[before]) || isComparison(this.tokens[after])) return true;
    return COMPARE.has(this.wordAt(before)) || COMPARE.has(this.opener);
  }

  private get opener(): string {
    return this.openers.at(-1) ?? '';
  }

  private wordAt(i: number): string {
    const token = this.tokens[i];
    return token?.kind === 'word' ? token.text : '';
  }
}

/** @param sql any text. Never throws. */
export function checkFactFree(sql: string): FactVerdict {
  const lexed = lex(sql);
  if (!lexed.ok) return { ok: false, reason: lexed.fault, at: lexed.at };
  const found = new FactSearch(sql, lexed.tokens).find();
  const { commentAt } = lexed;
  if (commentAt !== undefined && commentAt < (found?.at ?? Infinity))
    return { ok: false, reason: 'comment', at: commentAt };
  return found ? { ok: false, ...found } : { ok: true, tokens: lexed.tokens };
}
