/**
 * T-SQL cut into tokens the way SQL Server cuts it: nested comments, doubled quotes and brackets,
 * numbers, variables. It promises never to guess: a text that SQL Server might cut differently
 * (odd whitespace, an open quote, a number that runs into a word) is refused with a reason from a
 * closed list. Pure, one pass, never throws.
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

export type LexResult = { ok: true; tokens: Token[] } | { ok: false; fault: LexicalFault };

const OPERATORS = new Set('+-*/%=<>!&|^~(),.;:');

/** Line ends that some reader takes for one and another does not. */
const DOUBTFUL_LINE_END = /[\v\f\u0085\u2028\u2029]|\r(?!\n)/;

const WORD = /[\p{L}\p{N}_@#$]*/uy;
const NUMBER = /0[xX][0-9a-fA-F]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const VARIABLE = /@@?[\p{L}\p{N}_@#$]+/uy;

/** Characters of a word, or of something that would run into one. */
const WORD_CHARACTER = /[\p{L}\p{N}_@#$]/u;

function isWordStart(code: number, character: string): boolean {
  if (code < 128) {
    return (
      (code >= 65 && code <= 90) ||
      (code >= 97 && code <= 122) ||
      code === 95 ||
      code === 35 ||
      code === 36
    );
  }
  return /\p{L}/u.test(character);
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

class Lexer {
  readonly tokens: Token[] = [];
  private at = 0;

  constructor(private readonly sql: string) {}

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
    if (code === 32 || code === 9 || code === 10) return this.skip(1);
    if (code === 13) {
      return this.sql.charCodeAt(this.at + 1) === 10 ? this.skip(2) : 'character';
    }
    const next = this.sql.charCodeAt(this.at + 1);
    if (code === 45 && next === 45) return this.lineComment();
    if (code === 47 && next === 42) return this.blockComment();
    if (code === 39) return this.string(this.at);
    if (code === 91) return this.quoted(']');
    if (code === 34) return this.quoted('"');
    if (isDigit(code) || (code === 46 && isDigit(next) && !this.followsName())) {
      return this.number();
    }
    if (code === 64) return this.variable();
    return this.wordOrOperator(code);
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
    const newline = this.sql.indexOf('\n', this.at);
    const end = newline === -1 ? this.sql.length : newline;
    if (DOUBTFUL_LINE_END.test(this.sql.slice(this.at, end + 1))) return 'character';
    this.at = end;
    return undefined;
  }

  private blockComment(): LexicalFault | undefined {
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

  private number(): LexicalFault | undefined {
    NUMBER.lastIndex = this.at;
    const end = NUMBER.test(this.sql) ? NUMBER.lastIndex : this.at + 1;
    // `1EXEC x` is the float `1E` and then a word to SQL Server; no honest statement needs that.
    if (end < this.sql.length && WORD_CHARACTER.test(this.character(end))) return 'number';
    return this.push('number', '', this.at, end);
  }

  private variable(): LexicalFault | undefined {
    VARIABLE.lastIndex = this.at;
    return VARIABLE.test(this.sql)
      ? this.push('variable', '', this.at, VARIABLE.lastIndex)
      : 'character';
  }

  private character(at: number): string {
    return String.fromCodePoint(this.sql.codePointAt(at) ?? 0);
  }

  private wordOrOperator(code: number): LexicalFault | undefined {
    const character = this.character(this.at);
    if (OPERATORS.has(character)) {
      return this.push('operator', character, this.at, this.at + 1);
    }
    if (!isWordStart(code, character)) return 'character';
    const start = this.at;
    WORD.lastIndex = start;
    WORD.test(this.sql);
    const end = WORD.lastIndex;
    const word = this.sql.slice(start, end);
    // Full-width and other look-alike letters: whether SQL Server folds them depends on a collation.
    if (word.normalize('NFKC') !== word) return 'character';
    if ((word === 'N' || word === 'n') && this.sql.charCodeAt(end) === 39) {
      this.at = end;
      return this.string(start);
    }
    return this.push('word', word.toUpperCase(), start, end);
  }
}

/**
 * Cuts a statement into tokens; comments and whitespace are dropped.
 * @param sql any text; a NUL anywhere is refused, because drivers and servers disagree about it
 */
export function lex(sql: string): LexResult {
  if (sql.includes('\u0000')) return { ok: false, fault: 'character' };
  const lexer = new Lexer(sql);
  const fault = lexer.run();
  return fault === undefined ? { ok: true, tokens: lexer.tokens } : { ok: false, fault };
}
