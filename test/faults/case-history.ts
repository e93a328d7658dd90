/**
 * What one query of the fault suite asked, what it was told, and what it found afterwards. Everything
 * that the checker judges by is in here: no socket, no clock, no process.
 */
export const caseKinds = [
  'immediateRead',
  'streamedRead',
  'immediateWrite',
  'asyncRead',
  'asyncWrite',
  'registered',
] as const;
export type CaseKind = (typeof caseKinds)[number];

/** Rows of a read carry the nonce of their case and their own number, from 0. */
export interface RowsSeen {
  count: number;
  /** Rows with another case's nonce. */
  foreign: number;
  /** Rows whose number is not their place. */
  misplaced: number;
}

export interface Told {
  /** `run` an immediate query, or `submit`, `status`, `pages`, `cancel`, `findWrite`. */
  call: 'run' | 'submit' | 'status' | 'pages' | 'cancel' | 'findWrite';
  /** Sent while everything was healthy again. */
  isAfterHealing: boolean;
  /** 0: no answer came, the connection broke. */
  status: number;
  /** The answer began and broke off, or never said that it was whole. */
  isCutShort?: boolean;
  code?: string;
  /** What the answer says of its own effect. */
  retry?: 'safe' | 'unknown' | 'never';
  /** Of an async query, or of a write that was looked up. */
  state?: string;
  rows?: RowsSeen;
  rowsAffected?: number;
  hasReason?: boolean;
}

export interface CaseHistory {
  id: string;
  kind: CaseKind;
  nonce: string;
  isWrite: boolean;
  /** Rows that a whole answer has. */
  expectedRows: number;
  told: Told[];
  /** Of an async query that was acknowledged. */
  queryId?: string;
  /** Its caller wanted it no more. */
  isCancelled?: boolean;
  /** Of a registered query: runs that were counted between two looks. */
  runs?: { count: number; withinSeconds: number };
  /** Of a registered query that was acknowledged. */
  registeredId?: string;
  /** Status with which another integrator was answered about this query; 404 is right. */
  strangerStatus?: number;
  /** The caller gave up waiting for a final word. */
  isUnfinished: boolean;
}

/** What is true, found out past the conduit once all is healthy. */
export interface Truth {
  /** How often each nonce was written. */
  applied: ReadonlyMap<string, number>;
  /** Redis came back empty at some point of the round. */
  isRedisLost: boolean;
  /** Nothing broke in this round: every query must have succeeded. */
  isUndisturbed: boolean;
  /**
   * The clock that decides when waiting is over was not touched: nothing may expire. When the
   * broker's own clock jumps, an end by expiry is legal, either way: what was submitted an hour
   * back is late as soon as the clock is right again.
   */
  mayNotExpire?: boolean;
  /** Whoever is not served must be told something that another try can mend. */
  mustBeRetryable?: boolean;
  /** A statement of the agent ran on at the database although every query had ended. */
  isStillRunning?: boolean;
}

/** Looks at rows of a read, with no memory of them afterwards. */
export function seeRows(
  rows: readonly Record<string, unknown>[],
  nonce: string,
  from = 0,
): RowsSeen {
  const seen: RowsSeen = { count: rows.length, foreign: 0, misplaced: 0 };
  rows.forEach((row, index) => {
    if (row['nonce'] !== nonce) seen.foreign += 1;
    if (row['n'] !== from + index) seen.misplaced += 1;
  });
  return seen;
}
