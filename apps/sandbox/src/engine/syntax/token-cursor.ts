/** Walks a token list; the grammars are built on these few moves. */
import { compileError, type SqlError } from '../session/sql-error.js';
import { tokenize, type Token } from './lexer.js';
import { reservedWords } from './reserved-words.js';

export abstract class TokenCursor {
  protected readonly tokens: Token[];
  protected at = 0;

  constructor(protected readonly sql: string) {
    this.tokens = tokenize(sql);
  }

  protected get token(): Token {
    return this.tokens[this.at] as Token;
  }

  protected peek(offset = 1): Token {
    return this.tokens[Math.min(this.at + offset, this.tokens.length - 1)] as Token;
  }

  protected next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  /** Whether the words stand here, one after another. */
  protected isWord(...words: string[]): boolean {
    return words.every((word, i) => this.peek(i).kind === 'word' && this.peek(i).word === word);
  }

  protected isOneOf(...words: string[]): boolean {
    return this.token.kind === 'word' && words.includes(this.token.word);
  }

  protected takeWord(...words: string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.at += words.length;
    return true;
  }

  protected expectWord(...words: string[]): void {
    for (const word of words) if (!this.takeWord(word)) throw this.syntaxError();
  }

  protected isOperator(text: string): boolean {
    return this.token.kind === 'operator' && this.token.text === text;
  }

  protected take(text: string): boolean {
    if (!this.isOperator(text)) return false;
    this.at++;
    return true;
  }

  protected expect(text: string): void {
    if (!this.take(text)) throw this.syntaxError();
  }

  /** Whether a name could start here. */
  protected isName(token = this.token): boolean {
    return token.kind === 'quoted' || (token.kind === 'word' && !reservedWords.has(token.word));
  }

  protected name(): string {
    if (!this.isName()) throw this.syntaxError();
    return this.checked(this.next().text);
  }

  protected checked(name: string): string {
    if (Buffer.byteLength(name) > 63) throw this.located(compileError(103, name.slice(0, 30)));
    return name;
  }

  protected variable(): string {
    if (this.token.kind !== 'variable') throw this.syntaxError();
    return this.next().text;
  }

  /** Dotted name of one to four parts, `db..table` included. */
  protected objectName(): string[] {
    const parts = [this.name()];
    while (this.take('.')) {
      if (this.isOperator('.')) parts.push('');
      else parts.push(this.name());
    }
    if (parts.length > 4) throw this.syntaxError();
    return parts;
  }

  protected wholeNumber(): number {
    const negative = this.take('-');
    if (this.token.kind !== 'integer') throw this.syntaxError();
    const value = Number(this.next().text);
    return negative ? -value : value;
  }

  protected commaSeparated<T>(item: () => T): T[] {
    const list = [item()];
    while (this.take(',')) list.push(item());
    return list;
  }

  protected inParentheses<T>(content: () => T): T {
    this.expect('(');
    const result = content();
    this.expect(')');
    return result;
  }

  protected textBetween(start: number): string {
    const end = this.tokens[this.at - 1]?.end ?? start;
    return this.sql.slice(start, end);
  }

  /** SQL Server's 102, or 156 when the token is a keyword. */
  protected syntaxError(token = this.token): SqlError {
    const keyword = token.kind === 'word' && reservedWords.has(token.word);
    const shown = token.kind === 'end' ? (this.tokens[this.at - 1]?.text ?? '') : token.text;
    return this.located(compileError(keyword ? 156 : 102, shown), token);
  }

  protected unsupported(what: string): SqlError {
    return this.located(compileError(40515, what));
  }

  protected located(error: SqlError, token = this.token): SqlError {
    error.line = token.line;
    return error;
  }
}
