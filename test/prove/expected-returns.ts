/** What has to come back from the database: a word that never got there would prove nothing. */

import { isSandbox } from '#test/e2e/clinic-database.fixture.js';
import type { DatabaseKind } from '#test/prove/prove-options.js';

export const fromTheDatabase = [
  'parameter',
  'literal',
  'column alias',
  'rows read',
  'stream',
  'scalar',
] as const;

export const fromItsErrors = [
  'RAISERROR',
  'THROW',
  'conversion',
  'no such table',
  'no such column',
] as const;

const asyncs = ['literal', 'column name', 'parameter', 'output parameter', 'write'];
const asyncFailures = ['RAISERROR', 'conversion', 'no such table'];

export const fromWhatWaited = [
  ...[...asyncs, ...asyncFailures].map((what) => `async ${what}`),
  ...['result', 'change', 'error', 'name'].map((what) => `registered ${what}`),
  'spooled',
];

const fromWhatWasTakenUpAgain = [
  'write under a key',
  'write sent again',
  'write whose agent was killed',
  'async query whose agent was killed',
  'write whose broker was killed',
  'async query whose broker was killed',
  'async query that waited while the broker was killed',
];

/** Of a sandbox: another site is not asked from there. */
const fromTheConsole = ['query of the console', 'failing query of the console'];

/** Needs a database that two nodes can share. */
const fromAnotherNode = [
  'query at another node',
  'stream at another node',
  'failing query at another node',
  'async query at another node',
];

export const everythingThatReturns = (database: DatabaseKind): string[] => [
  ...fromTheDatabase,
  ...fromItsErrors,
  ...fromWhatWaited,
  ...fromWhatWasTakenUpAgain,
  ...(isSandbox ? fromTheConsole : []),
  ...(database === 'postgresql' ? fromAnotherNode : []),
];
