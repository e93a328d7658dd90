/**
 * T-SQL cut into tokens the way SQL Server cuts it: nested comments, doubled quotes and brackets,
 * numbers, variables. It promises never to guess: a text that SQL Server might cut differently
 * (odd whitespace, an open quote, a number that runs into a word) is refused with a reason from a
 * closed list. One pass, never throws.
 */

export type TokenKind = 'word' | 'quotedName' | 'string' | 'number' | 'variable' | 'operator';

export interface Token {
  kind: TokenKind;
  /** Words in upper case, quoted names without their quotes, operators as one character; else empty. */
  text: string;
  /** Offset of the first character in the statement, in UTF-16 code units. */
  at: number;
}

export const lexicalFaults = [
  'character',
  'openComment',
  'openString',
  'openName',
  'emptyName',
  'number',
] as const;
export type LexicalFault = (typeof lexicalFaults)[number];

export type LexResult =
  | { ok: true; tokens: readonly Token[]; /** Offset of the first comment. */ commentAt?: number }
  | { ok: false; fault: LexicalFault; /** Offset of what could not be cut. */ at: number };

/** Line ends that some reader takes for one and another does not. */
const DOUBTFUL_LINE_END = /[\v\f\u0085\u2028\u2029]|\r(?!\n)/;

const WORD = /[\p{L}\p{N}_@#$]*/uy;
const NUMBER = /0[xX][0-9a-fA-F]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
/** Money has no exponent: `$1e5` is `$1` and then a word to SQL Server. */
const MONEY = /\$(?:\d+\.?\d*|\.\d+)/y;
/** The only words that begin with `$`; before anything else it is the number nought and a word begins after it. */
const PSEUDO_COLUMNS = new Set(
  '$ACTION $IDENTITY $ROWGUID $PARTITION $NODE_ID $EDGE_ID $FROM_ID $TO_ID'.split(' '),
);
/** After two dashes this opens an ODBC escape, whose content SQL Server may run. */
const ODBC_ESCAPE = /--[ \t]*(?:\(\*|\*\()/y;
const LETTER = /\p{L}/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/** What an ASCII character can be; everything else is decided by its Unicode category. */
enum Class {
  None,
  Space,
  Operator,
  Digit,
  /** Begins and continues a word. */
  Letter,
  /** Continues a word: `@`. */
  At,
  /** Continues a word; begins money or a pseudo-column. */
  Dollar,
}

const CLASSES = new Uint8Array(128);
const classify = (characters: string, kind: Class): void => {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = kind;
};
classify(' \t\n', Class.Space);
classify('+-*/%=<>!&|^~(),.;:', Class.Operator);
classify('0123456789', Class.Digit);
classify('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_#', Class.Letter);
classify('@', Class.At);
classify('$', Class.Dollar);

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

class Lexer {
  readonly tokens: Token[] = [];
  commentAt: number | undefined;
  at = 0;
  private readonly isAscii: boolean;

  constructor(private readonly sql: string) {
    this.isAscii = !/[\u0080-\uffff]/.test(sql);
  }

  /** Reads everything; the fault that stopped it, or undefined. */
  run(): LexicalFault | undefined {
    while (this.at < this.sql.length) {
      const fault = this.step();
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  private step(): LexicalFault | undefined {
    const code = this.sql.charCodeAt(this.at);
    const kind = code < 128 ? CLASSES[code] : Class.None;
    if (kind === Class.Space) return this.skip(1);
    if (kind === Class.Letter) return this.word();
    const next = this.sql.charCodeAt(this.at + 1);
    if (kind === Class.Operator) return this.operator(code, next);
    if (kind === Class.Digit) return this.number();
    if (kind === Class.At) return this.variable();
    if (kind === Class.Dollar) return this.money();
    if (code === 39) return this.string(this.at);
    if (code === 91) return this.quoted(']');
    if (code === 34) return this.quoted('"');
    if (code === 13) return next === 10 ? this.skip(2) : 'character';
    return code > 127 && LETTER.test(this.character(this.at)) ? this.word() : 'character';
  }

  private operator(code: number, next: number): LexicalFault | undefined {
    if (code === 45 && next === 45) return this.lineComment();
    if (code === 47 && next === 42) return this.blockComment();
    if (code === 46 && isDigit(next) && !this.followsName()) return this.number();
    return this.push('operator', this.sql.charAt(this.at), this.at, this.at + 1);
  }

  private skip(count: number): undefined {
    this.at += count;
    return undefined;
  }

  private push(kind: TokenKind, text: string, at: number, end: number): undefined {
    this.tokens.push({ kind, text, at });
    this.at = end;
    return undefined;
  }

  /** `a.1` is no number after a name. */
  private followsName(): boolean {
    const last = this.tokens[this.tokens.length - 1];
    return last !== undefined && (last.kind === 'word' || last.kind === 'quotedName');
  }

  private lineComment(): LexicalFault | undefined {
    this.commentAt ??= this.at;
    ODBC_ESCAPE.lastIndex = this.at;
    if (ODBC_ESCAPE.test(this.sql)) return 'character';
    const newline = this.sql.indexOf('\n', this.at);
    const end = newline === -1 ? this.sql.length : newline;
    if (DOUBTFUL_LINE_END.test(this.sql.slice(this.at, end + 1))) return 'character';
    this.at = end;
    return undefined;
  }

  private blockComment(): LexicalFault | undefined {
    this.commentAt ??= this.at;
    const marks = /\/\*|\*\//g;
    marks.lastIndex = this.at;
    let depth = 0;
    for (let found = marks.exec(this.sql); found !== null; found = marks.exec(this.sql)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return this.skip(marks.lastIndex - this.at);
    }
    return 'openComment';
  }

  private string(start: number): LexicalFault | undefined {
    const end = this.closing("'", this.at + 1);
    return end === -1 ? 'openString' : this.push('string', '', start, end + 1);
  }

  private quoted(close: ']' | '"'): LexicalFault | undefined {
    const end = this.closing(close, this.at + 1);
    if (end === -1) return 'openName';
    const name = this.sql.slice(this.at + 1, end).replaceAll(close + close, close);
    return name === '' ? 'emptyName' : this.push('quotedName', name, this.at, end + 1);
  }

  /** Offset of the closing mark; a doubled mark is a character of the content. */
  private closing(mark: string, from: number): number {
    let end = this.sql.indexOf(mark, from);
    while (end !== -1 && this.sql.charAt(end + 1) === mark) end = this.sql.indexOf(mark, end + 2);
    return end;
  }

  /** `$1.50`, or a pseudo-column: `$1DELETE` is an amount and a DELETE to SQL Server, never one word. */
  private money(): LexicalFault | undefined {
    MONEY.lastIndex = this.at;
    if (MONEY.test(this.sql)) return this.numberTo(MONEY.lastIndex);
    const end = this.wordEnd(this.at);
    const word = this.sql.slice(this.at, end).toUpperCase();
    return PSEUDO_COLUMNS.has(word) ? this.push('word', word, this.at, end) : 'number';
  }

  private number(): LexicalFault | undefined {
    NUMBER.lastIndex = this.at;
    return this.numberTo(NUMBER.test(this.sql) ? NUMBER.lastIndex : this.at + 1);
  }

  private numberTo(end: number): LexicalFault | undefined {
    // `1EXEC x` is the float `1E` and then a word to SQL Server; no honest statement needs that.
    if (this.continuesWord(end)) return 'number';
    return this.push('number', '', this.at, end);
  }

  private variable(): LexicalFault | undefined {
    const end = this.wordEnd(this.at);
    const isNamed = /[^@]/.test(this.sql.slice(this.at, end));
    return isNamed ? this.push('variable', '', this.at, end) : 'character';
  }

  private word(): LexicalFault | undefined {
    const start = this.at;
    const end = this.wordEnd(start);
    const word = this.sql.slice(start, end);
    // Full-width and other look-alike letters: whether SQL Server folds them depends on a collation.
    if (!this.isAscii && word.normalize('NFKC') !== word) return 'character';
    if (end === start + 1 && (word === 'N' || word === 'n') && this.sql.charCodeAt(end) === 39) {
      this.at = end;
      return this.string(start);
    }
    return this.push('word', word.toUpperCase(), start, end);
  }

  /** Offset after the last character of the word that begins at `from`. */
  private wordEnd(from: number): number {
    let end = from;
    while (end < this.sql.length) {
      const code = this.sql.charCodeAt(end);
      if (code > 127) {
        WORD.lastIndex = end;
        WORD.test(this.sql);
        return WORD.lastIndex;
      }
      if ((CLASSES[code] as Class) < Class.Digit) return end;
      end += 1;
    }
    return end;
  }

  private continuesWord(at: number): boolean {
    const code = this.sql.charCodeAt(at);
    if (Number.isNaN(code)) return false;
    if (code < 128) return (CLASSES[code] as Class) >= Class.Digit;
    return WORD_CHARACTER.test(this.character(at));
  }

  private character(at: number): string {
    return String.fromCodePoint(this.sql.codePointAt(at) ?? 0);
  }
}

/** Longer statements are cut anew each time. UTF-16 code units. */
export const maxRememberedCharacters = 131_072;

let remembered: { sql: string; result: LexResult } | undefined;

/**
 * Cuts a statement into tokens; comments and whitespace are dropped. The last
 * result is remembered, since a query's text is looked at more than once; nobody may change it.
 * @param sql any text; a NUL anywhere is refused, because drivers and servers disagree about it
 */
export function lex(sql: string): LexResult {
  if (remembered?.sql === sql) return remembered.result;
  const result = cut(sql);
  remembered = sql.length <= maxRememberedCharacters ? { sql, result } : undefined;
  return result;
}

function cut(sql: string): LexResult {
  const nulAt = sql.indexOf('\u0000');
  if (nulAt !== -1) return { ok: false, fault: 'character', at: nulAt };
  const lexer = new Lexer(sql);
  const fault = lexer.run();
  if (fault !== undefined) return { ok: false, fault, at: lexer.at };
  const { tokens, commentAt } = lexer;
  return { ok: true, tokens, ...(commentAt !== undefined && { commentAt }) };
}
