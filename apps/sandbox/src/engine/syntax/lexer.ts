/**
 * Cuts T-SQL text into tokens, each with its line, so that errors can name the place SQL Server would
 * name. Comments (nested block comments too) disappear here; nothing else is dropped.
 */
import { compileError } from '../session/sql-error.js';

export type TokenKind =
  | 'word'
  | 'quoted'
  | 'variable'
  | 'string'
  | 'nstring'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'money'
  | 'binary'
  | 'operator'
  | 'end';

export interface Token {
  kind: TokenKind;
  /** As written; for quoted names and strings the content without its quotes. */
  text: string;
  /** Lowercase form of words, for keywords. */
  word: string;
  start: number;
  end: number;
  line: number;
}

const wordStart = /[\p{L}_#]/u;
const wordRest = /[\p{L}\p{N}_@#$]/u;
const operators = [
  '<>',
  '!=',
  '<=',
  '>=',
  '!<',
  '!>',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '|=',
  '^=',
  '::',
];
const single = '+-*/%&|^~=<>(),.;:?{}';

/** @throws SqlError 105 or 113 for an unclosed quote or comment, 102 for a stray character. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;

  const push = (kind: TokenKind, start: number, text: string): void => {
    tokens.push({
      kind,
      text,
      word: kind === 'word' ? text.toLowerCase() : '',
      start,
      end: at,
      line,
    });
  };
  const fail = (number: number, text: string): Error => {
    const error = compileError(number, text);
    error.line = line;
    return error;
  };
  const countLines = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (sql.charCodeAt(i) === 10) line++;
  };
  const quotedBy = (close: string, kind: TokenKind, start: number): void => {
    let text = '';
    const open = at;
    for (at++; ; at++) {
      if (at >= sql.length) throw fail(105, sql.slice(open + 1, open + 31));
      const char = sql[at] as string;
      if (char === close) {
        if (sql[at + 1] !== close) break;
        at++;
      }
      text += char;
    }
    at++;
    push(kind, start, text);
    countLines(start, at);
  };
  const comment = (): void => {
    const start = at;
    let depth = 0;
    do {
      if (at >= sql.length) throw fail(113, '');
      if (sql.startsWith('/*', at)) {
        depth++;
        at += 2;
      } else if (sql.startsWith('*/', at)) {
        depth--;
        at += 2;
      } else at++;
    } while (depth > 0);
    countLines(start, at);
  };
  const number = (): void => {
    const start = at;
    const hex = /^0[xX][0-9a-fA-F]*/.exec(sql.slice(at, at + 2)) && /0[xX]([0-9a-fA-F]*)/y;
    if (hex) {
      hex.lastIndex = at;
      const found = hex.exec(sql) as RegExpExecArray;
      at += found[0].length;
      return push('binary', start, found[1] as string);
    }
    const shape = /\d*(\.\d*)?([eE][+-]?\d*)?/y;
    shape.lastIndex = at;
    const found = shape.exec(sql) as RegExpExecArray;
    at += found[0].length;
    push(
      found[2] !== undefined ? 'float' : found[1] !== undefined ? 'decimal' : 'integer',
      start,
      found[0],
    );
  };

  while (at < sql.length) {
    const char = sql[at] as string;
    const next = sql[at + 1] ?? '';
    const start = at;
    if (char === '\n') {
      line++;
      at++;
    } else if (/\s|\u00a0|\ufeff/.test(char)) at++;
    else if (char === '-' && next === '-') while (at < sql.length && sql[at] !== '\n') at++;
    else if (char === '/' && next === '*') comment();
    else if (char === "'") quotedBy("'", 'string', start);
    else if ((char === 'N' || char === 'n') && next === "'") {
      at++;
      quotedBy("'", 'nstring', start);
    } else if (char === '[') quotedBy(']', 'quoted', start);
    else if (char === '"') quotedBy('"', 'quoted', start);
    else if (/\d/.test(char) || (char === '.' && /\d/.test(next))) number();
    else if (char === '$' && /[\d.]/.test(next)) {
      const money = /\$(\d*(\.\d*)?)/y;
      money.lastIndex = at;
      const found = money.exec(sql) as RegExpExecArray;
      at += found[0].length;
      push('money', start, found[1] as string);
    } else if (char === '@' || wordStart.test(char) || (char === '$' && wordStart.test(next))) {
      at++;
      while (at < sql.length && wordRest.test(sql[at] as string)) at++;
      push(char === '@' ? 'variable' : 'word', start, sql.slice(start, at));
    } else {
      const found =
        operators.find((operator) => sql.startsWith(operator, at)) ??
        (single.includes(char) ? char : undefined);
      if (found === undefined) throw fail(102, char);
      at += found.length;
      push('operator', start, found);
    }
  }
  tokens.push({ kind: 'end', text: '', word: '', start: at, end: at, line });
  return tokens;
}
