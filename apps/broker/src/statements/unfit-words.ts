/** Why a statement was not taken, in words for whoever wrote it: the place, and what to do there. */
import type { AgreedReason } from '#libs/tsql/agreed-statement.js';

const words: Record<AgreedReason, string> = {
  character: 'a character that SQL Server may read otherwise',
  openComment: 'a comment that does not end',
  openString: 'a quote that does not end',
  openName: 'a bracket that does not end',
  emptyName: 'a name without characters',
  number: 'a number that runs into a word',
  comment: 'a comment; say it in the description',
  string: 'a text in quotes; use a parameter, and brackets around names',
  literal: 'a number that is not small and whole; use a parameter',
  comparedNumber: 'a number above 9 that is compared or stored; use a parameter',
  name: 'a name that is long, has more than four digits, or has unusual characters',
  empty: 'there is nothing to run',
  tooLong: 'it is longer than 8,000 characters',
  otherCatalogue:
    'a name with a database or a server before it; name the schema and the table alone',
  hiddenCode: 'it would run something that its text does not show',
  notOneStatement: 'a second statement',
  notDataStatement: 'only SELECT, INSERT, UPDATE, DELETE and MERGE can be agreed on',
};

/** `line 3, column 14: a text in quotes; …` */
export const unfitWords = (reason: AgreedReason, line: number, column: number): string =>
  `line ${line}, column ${column}: ${words[reason]}`;
