/**
 * Judges histories: nothing acknowledged is lost, no write is applied twice or told wrongly, no row
 * reaches a stranger, no page is torn, everybody gets a final word. Pure: planted violations in its
 * tests show that each rule bites.
 */
import { catalogue } from '#libs/errors/catalogue.js';
import type { CaseHistory, Told, Truth } from '#test/faults/case-history.js';

export const rules = [
  'writeAppliedTwice',
  'writeToldWrongly',
  'acknowledgedQueryLost',
  'foreignResult',
  'tornResult',
  'noFinalWord',
  'failedWithoutCause',
  'expiredWrongly',
  'failedUnclearly',
  'runBurst',
  'ranOnAfterItsEnd',
] as const;
export type Rule = (typeof rules)[number];

export interface Violation {
  rule: Rule;
  caseId: string;
  words: string;
}

/** Registered queries of the suite run as often as this. */
const RUN_EVERY_SECONDS = 1;
/** The first run, one that was due, one that was cut and is made up for. */
const SPARE_RUNS = 3;

type Check = (history: CaseHistory, truth: Truth) => string[];

const checks: Record<Rule, Check> = {
  writeAppliedTwice: ({ nonce }, { applied }) => {
    const times = applied.get(nonce) ?? 0;
    return times > 1 ? [`applied ${times} times`] : [];
  },
  writeToldWrongly: (history, truth) => (history.isWrite ? wronglyTold(history, truth) : []),
  acknowledgedQueryLost: lostQuery,
  foreignResult: ({ told, strangerStatus }) => [
    ...(strangerStatus === undefined || strangerStatus === 404
      ? []
      : [`a stranger was answered ${strangerStatus}`]),
    ...told
      .filter(({ rows }) => (rows?.foreign ?? 0) > 0)
      .map(({ rows }) => `${rows?.foreign} rows of another query`),
  ],
  tornResult: ({ told, expectedRows, isWrite }) =>
    told.filter(claimsWhole).flatMap(({ rows, call }) => {
      if (!rows || isWrite) return [];
      if (rows.count !== expectedRows) return [`${call}: ${rows.count} rows of ${expectedRows}`];
      return rows.misplaced > 0 ? [`${call}: ${rows.misplaced} rows out of place`] : [];
    }),
  noFinalWord: ({ isUnfinished }) => (isUnfinished ? ['still waiting at the end'] : []),
  failedWithoutCause: (history, { isUndisturbed }) =>
    isUndisturbed && !history.isCancelled && !hasSucceeded(history)
      ? ['nothing broke, and yet it did not succeed']
      : [],
  expiredWrongly: ({ told }, { mayNotExpire }) =>
    mayNotExpire && told.some(hasExpired) ? ['expired by a clock that does not decide'] : [],
  failedUnclearly: ({ told, isCancelled, isWrite }, { mustBeRetryable }) =>
    mustBeRetryable
      ? told
          .filter(hasFailed)
          .filter(({ code }) => !isRetryable(code) && !(isCancelled && code === 'QUERY_CANCELLED'))
          .filter(({ code }) => isWrite || code !== ranAsWrite)
          .map(
            ({ call, status, state, code }) => `${call}: ${state ?? status} ${code ?? 'no code'}`,
          )
      : [],
  runBurst: ({ runs }) =>
    runs && runs.count > runs.withinSeconds / RUN_EVERY_SECONDS + SPARE_RUNS
      ? [`${runs.count} runs within ${runs.withinSeconds.toFixed(1)} s`]
      : [],
  ranOnAfterItsEnd: ({ isCancelled }, { isStillRunning }) =>
    isCancelled && isStillRunning ? ['ended, and a statement is still running'] : [],
};

export function checkHistories(histories: readonly CaseHistory[], truth: Truth): Violation[] {
  return histories.flatMap((history) =>
    rules.flatMap((rule) =>
      checks[rule](history, truth).map((words) => ({ rule, caseId: history.id, words })),
    ),
  );
}

const hasExpired = ({ state, code }: Told): boolean =>
  state === 'expiredInQueue' || code === 'QUEUE_EXPIRED';

const hasFailed = ({ status, state }: Told): boolean =>
  status >= 400 || state === 'executionFailed' || state === 'uploadFailed';

/**
 * A read that waits first is no single SELECT: it runs once, under the login that may write. When the
 * disk cuts its rows off, this is the truth, and not to be tried again under the same key.
 */
const ranAsWrite = 'WRITE_RESULT_NOT_KEPT';

const isRetryable = (code: string | undefined): boolean =>
  code !== undefined &&
  code !== 'INTERNAL' &&
  code in catalogue &&
  catalogue[code as keyof typeof catalogue].retry !== 'never';

const claimsWhole = ({ status, isCutShort }: Told): boolean => status === 200 && !isCutShort;

/** What somebody who disturbs nothing must find. */
function hasSucceeded({ kind, told, isWrite }: CaseHistory): boolean {
  if (kind === 'registered') return told.some((one) => one.call === 'pages' && claimsWhole(one));
  const isDone = kind.startsWith('async')
    ? told.some(({ call, state }) => call === 'status' && state === 'successful') &&
      (isWrite || told.some((one) => one.call === 'pages' && claimsWhole(one)))
    : told.some((one) => one.call === 'run' && claimsWhole(one));
  return isDone && (!isWrite || told.some(({ state }) => state === 'applied'));
}

/** Attempts at the write itself. */
const isAttempt = ({ call }: Told): boolean => call === 'run' || call === 'submit';

function wronglyTold({ nonce, told, kind }: CaseHistory, { applied }: Truth): string[] {
  const times = applied.get(nonce) ?? 0;
  const wrong: string[] = [];
  const attempts = told.filter(isAttempt);
  const succeeded =
    kind === 'asyncWrite'
      ? told.some(({ call, state }) => call === 'status' && state === 'successful')
      : attempts.some(claimsWhole);
  if (succeeded && times === 0) wrong.push('said to be done, but is not there');
  const wentThrough = attempts.filter(({ retry }) => retry !== 'safe');
  if (attempts.length > 0 && wentThrough.length === 0 && times > 0)
    wrong.push('every answer said that nothing was done, but it was');
  for (const { rowsAffected } of attempts.filter(claimsWhole))
    if (rowsAffected !== undefined && rowsAffected !== 1)
      wrong.push(`told of ${rowsAffected} rows instead of one`);
  const endedUndone = told.some(
    ({ call, state, retry }) =>
      call === 'status' &&
      (state === 'expiredInQueue' || (state !== undefined && retry === 'safe')),
  );
  if (endedUndone && times > 0) wrong.push('ended as never done, but it was');
  return [...wrong, ...wronglyFound(told, times)];
}

/** What a look-up says after healing must be what is so; before, it may only not claim too much. */
function wronglyFound(told: readonly Told[], times: number): string[] {
  const wrong: string[] = [];
  for (const { call, state, isAfterHealing, status } of told) {
    if (call !== 'findWrite' || status !== 200) continue;
    if (state === 'applied' && times === 0) wrong.push('found as applied, but is not there');
    if (!isAfterHealing) continue;
    if ((state === 'notApplied' || state === 'neverReceived') && times > 0)
      wrong.push(`found as ${state}, but is there`);
  }
  return wrong;
}

const finalStates = new Set([
  'successful',
  'executionFailed',
  'expiredInQueue',
  'uploadFailed',
  'cancelled',
  'initialisationFailedCacheError',
  'initialisationFailedSiteOffline',
  'initialisationFailedSiteUnreachable',
]);

function lostQuery({ told, kind }: CaseHistory, { isRedisLost }: Truth): string[] {
  if (kind === 'registered') return lostRegistered(told);
  const isAcknowledged = told.some(({ call, status }) => call === 'submit' && status === 201);
  if (!isAcknowledged) return [];
  const last = told.filter(({ call }) => call === 'status').at(-1);
  if (!last) return ['acknowledged, and never heard of again'];
  if (last.status === 410 && last.code === 'QUERY_GONE')
    return isRedisLost ? [] : ['gone, although Redis kept all it had'];
  if (last.status !== 200) return [`acknowledged, then answered ${last.status} ${last.code ?? ''}`];
  if (!finalStates.has(last.state ?? ''))
    return [`acknowledged, and at the end still ${last.state}`];
  if (last.state !== 'successful' && !last.hasReason) return [`${last.state} without a reason`];
  return [];
}

/** Its requests and its runs outlive Redis, broker and agent: it must have run after all was mended. */
function lostRegistered(told: readonly Told[]): string[] {
  const isAcknowledged = told.some(({ call, status }) => call === 'submit' && status === 202);
  const hasRun = told.some((one) => one.call === 'pages' && claimsWhole(one));
  return isAcknowledged && !hasRun ? ['registered, and no run after all was mended'] : [];
}
