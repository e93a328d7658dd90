/** What the broker keeps of an async query: its state, its times, who asked. Never what it asks. */
import type { ConsentMark, QueryErrorType } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

export const waitingStates = ['initialising', 'queued'] as const;
export const runningStates = ['executing', 'uploading'] as const;
export const endStates = [
  'successful',
  'executionFailed',
  'uploadFailed',
  'expiredInQueue',
  'cancelled',
] as const;
export type EndState = (typeof endStates)[number];
export type QueryState = (typeof waitingStates)[number] | (typeof runningStates)[number] | EndState;

/** Why a query that could run does not: shown to its owner. */
export const waitReasons = [
  'waitingTurn',
  'siteOffline',
  'siteUnreachable',
  'sitePaused',
  'accessPaused',
  'agentBusy',
  'loadBrake',
  'databaseUnavailable',
  'outsideHours',
  'rateLimited',
  'runAgain',
] as const;
export type WaitReason = (typeof waitReasons)[number];

/** Times are milliseconds since the Unix epoch. */
export interface QueryRecord {
  id: string;
  integratorId: string;
  siteId: string;
  practiceId: string;
  keyId: string;
  requestId: string;
  state: QueryState;
  mode: 'reader' | 'nonQuery' | 'scalar';
  /** Whether it may change something, as far as its kind tells. */
  writes: boolean;
  columns: boolean;
  resultSets: 'first' | 'all';
  maxTimeInQueueMs: number;
  commandBytes: number;
  requestBytes: number;
  createdAtMs: number;
  updatedAtMs: number;
  /** Until when it may wait. */
  deadlineMs: number;
  completedAtMs?: number;
  /** The agent's key that the request is sealed to, and the key that the result is sealed to. */
  sealedTo: string;
  resultKey: string;
  idempotencyKey: string;
  reason?: WaitReason;
  /** Of the run that counts: its pages are kept under this id, and only it may change the state. */
  runId?: string;
  runs: number;
  keyEnvelope?: string;
  sqlExecutionMs?: number;
  rows?: number;
  rowsAffected?: number;
  resultBytes?: number;
  /** Pages of rows; page 0 is not counted. */
  pages?: number;
  /** As the agent said it. */
  consent?: ConsentMark;
  errorCode?: ErrorCode;
  errorType?: QueryErrorType;
  /** The database's number. */
  errorNumber?: number;
  /** When each state began and ended. */
  began: Partial<Record<QueryState, number>>;
  ended: Partial<Record<QueryState, number>>;
}

export const isEnded = ({ state }: QueryRecord): boolean =>
  (endStates as readonly string[]).includes(state);

export const isRunning = ({ state }: QueryRecord): boolean =>
  (runningStates as readonly string[]).includes(state);

/** Whether its place in line can be told. */
export const isWaiting = (record: QueryRecord): boolean => !isEnded(record) && !isRunning(record);

type Fields = Omit<QueryRecord, 'began' | 'ended'>;

const numbers: ReadonlySet<string> = new Set<keyof Fields>([
  'maxTimeInQueueMs',
  'commandBytes',
  'requestBytes',
  'createdAtMs',
  'updatedAtMs',
  'deadlineMs',
  'completedAtMs',
  'runs',
  'sqlExecutionMs',
  'rows',
  'rowsAffected',
  'resultBytes',
  'pages',
  'errorNumber',
]);
const flags: ReadonlySet<string> = new Set<keyof Fields>(['writes', 'columns']);

/** As Redis keeps it: every field a text. When states began and ended is kept by those who move it. */
export function toFields(record: Partial<QueryRecord>): [name: string, value: string][] {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined && typeof value !== 'object')
    .map(([name, value]) => [name, flags.has(name) ? (value ? '1' : '') : String(value)]);
}

/** The counterpart; undefined when there is no record. */
export function fromFields(fields: Record<string, string>): QueryRecord | undefined {
  if (fields['id'] === undefined) return undefined;
  const record: Record<string, unknown> = { began: {}, ended: {} };
  for (const [name, value] of Object.entries(fields)) {
    const [kind, state] = name.split(':');
    if (state !== undefined && (kind === 'began' || kind === 'ended')) {
      (record[kind] as Record<string, number>)[state] = Number(value);
    } else if (numbers.has(name)) record[name] = Number(value);
    else if (flags.has(name)) record[name] = value !== '';
    else record[name] = value;
  }
  return record as unknown as QueryRecord;
}
