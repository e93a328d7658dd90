/** Questions about one token, shared by everything that reads a cut statement. */
import type { Token } from '#libs/tsql/lexer.js';

export const isOperator = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'operator' && token.text === text;

export const isWord = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'word' && token.text === text;

export const isName = (token: Token | undefined): boolean =>
  token?.kind === 'word' || token?.kind === 'quotedName';
