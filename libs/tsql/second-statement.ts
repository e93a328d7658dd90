/**
 * Where a second statement begins in a text that changes rows. T-SQL needs nothing between two:
 * `DELETE FROM t DELETE FROM u` runs both. Every word that can begin one has to be where the grammar
 * of the first one has it; within parentheses none can begin.
 */
import type { Token } from '#libs/tsql/lexer.js';
import { isOperator, isWord } from '#libs/tsql/tokens.js';

const CHANGING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const SET_OPERATORS = new Set(['UNION', 'EXCEPT', 'INTERSECT']);
/** Service Broker's statements, whose first words are plain ones elsewhere. */
const CONVERSING = new Set(['END', 'GET', 'MOVE']);

class Change {
  /** What the statement does, once its word has come: behind WITH that is later. */
  private verb = '';
  private hasSet = false;
  /** An INSERT takes its rows from one place: VALUES, DEFAULT VALUES or one SELECT. */
  private hasRows = false;

  constructor(private readonly tokens: readonly Token[]) {}

  secondAt(): number | undefined {
    let depth = 0;
    for (const [i, token] of this.tokens.entries()) {
      if (isOperator(token, '(')) depth += 1;
      if (isOperator(token, ')')) depth -= 1;
      if (depth === 0 && token.kind === 'word' && this.beginsAnother(i, token.text)) return i;
    }
    return undefined;
  }

  private beginsAnother(i: number, word: string): boolean {
    const [before, next] = [this.tokens[i - 1], this.tokens[i + 1]];
    if (CHANGING.has(word)) return !this.isVerb(word, before, next);
    if (word === 'SELECT') return !this.isSource(i, before);
    if (word === 'SET') return !this.isAssignment(before);
    if (word === 'VALUES' && this.verb === 'INSERT') this.hasRows = true;
    return CONVERSING.has(word) && isWord(next, 'CONVERSATION');
  }

  private isVerb(word: string, before: Token | undefined, next: Token | undefined): boolean {
    if (this.verb === '') {
      this.verb = word;
      return true;
    }
    const isOfMerge = this.verb === 'MERGE' && isWord(before, 'THEN');
    // INNER MERGE JOIN
    return isOfMerge || (word === 'MERGE' && isWord(next, 'JOIN'));
  }

  private isSource(i: number, before: Token | undefined): boolean {
    const operator = isWord(before, 'ALL') ? this.tokens[i - 2] : before;
    if (operator?.kind === 'word' && SET_OPERATORS.has(operator.text)) return true;
    const isFirst = this.verb === 'INSERT' && !this.hasRows;
    this.hasRows = true;
    return isFirst;
  }

  private isAssignment(before: Token | undefined): boolean {
    if (this.verb === 'MERGE') return isWord(before, 'UPDATE');
    const isFirst = this.verb === 'UPDATE' && !this.hasSet;
    this.hasSet = true;
    return isFirst;
  }
}

/** @returns the index of the token that begins one; undefined: there is none */
export function secondStatementAt(tokens: readonly Token[]): number | undefined {
  return new Change(tokens).secondAt();
}
