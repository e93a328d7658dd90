/** Every rule passes over what is right, and bites on a violation that is planted here. */
import { describe, expect, test } from '@jest/globals';
import { type CaseHistory, seeRows, type Told, type Truth } from '#test/faults/case-history.js';
import { checkHistories, rules } from '#test/faults/check-history.js';

const whole = { count: 3, foreign: 0, misplaced: 0 };

const told = (more: Partial<Told>): Told => ({
  call: 'run',
  isAfterHealing: false,
  status: 200,
  ...more,
});

function aRead(more: Partial<CaseHistory> = {}): CaseHistory {
  return {
    id: 'read',
    kind: 'immediateRead',
    nonce: 'mine',
    isWrite: false,
    expectedRows: 3,
    told: [told({ rows: whole })],
    isUnfinished: false,
    ...more,
  };
}

const aWrite = (answers: Partial<Told>[], more: Partial<CaseHistory> = {}): CaseHistory =>
  aRead({
    id: 'write',
    kind: 'immediateWrite',
    isWrite: true,
    expectedRows: 0,
    told: answers.map(told),
    ...more,
  });

const anAsync = (answers: Partial<Told>[]): CaseHistory =>
  aRead({
    id: 'async',
    kind: 'asyncRead',
    told: [told({ call: 'submit', status: 201 }), ...answers.map(told)],
  });

const broken = (history: CaseHistory, times = 0, more: Partial<Truth> = {}): string[] =>
  checkHistories([history], {
    applied: new Map([['mine', times]]),
    isRedisLost: false,
    isUndisturbed: false,
    ...more,
  }).map(({ rule }) => rule);

const cutOff = { status: 0 };
const nothingDone = { status: 503, code: 'SITE_OFFLINE', retry: 'safe' } as const;
const doubt = { status: 503, code: 'SITE_LOST', retry: 'unknown' } as const;
const state = (name: string, more: Partial<Told> = {}): Partial<Told> => ({
  call: 'status',
  state: name,
  ...more,
});

describe('what is right passes', () => {
  test.each<[string, CaseHistory, number]>([
    ['a read', aRead(), 0],
    ['a read that was refused', aRead({ told: [told(nothingDone)] }), 0],
    [
      'a read that broke off',
      aRead({ told: [told({ isCutShort: true, rows: { ...whole, count: 1 } })] }),
      0,
    ],
    ['a write', aWrite([{ rowsAffected: 1 }]), 1],
    ['a write that nobody received', aWrite([nothingDone]), 0],
    ['a write in doubt that was applied', aWrite([doubt]), 1],
    ['a write in doubt that was not', aWrite([doubt]), 0],
    ['a write whose caller was cut off', aWrite([cutOff]), 1],
    ['a write tried again', aWrite([doubt, nothingDone, { rowsAffected: 1 }]), 1],
    ['a write in doubt, then refused', aWrite([doubt, nothingDone]), 1],
    ['a write found as applied', aWrite([doubt, { call: 'findWrite', state: 'applied' }]), 1],
    [
      'a write looked for too early',
      aWrite([doubt, { call: 'findWrite', state: 'neverReceived' }]),
      1,
    ],
    ['an async read', anAsync([state('queued'), state('successful')]), 0],
    ['an async read that failed', anAsync([state('executionFailed', { hasReason: true })]), 0],
    [
      'an async read that was not taken',
      aRead({ kind: 'asyncRead', told: [told({ ...nothingDone, call: 'submit' })] }),
      0,
    ],
  ])('%s', (_, history, times) => {
    expect(broken(history, times)).toEqual([]);
  });

  test('a query that went with Redis', () => {
    expect(
      broken(anAsync([{ call: 'status', status: 410, code: 'QUERY_GONE' }]), 0, {
        isRedisLost: true,
      }),
    ).toEqual([]);
  });
});

describe('what is planted is found', () => {
  test.each<[string, string, CaseHistory, number]>([
    ['writeAppliedTwice', 'a write applied twice', aWrite([{ rowsAffected: 1 }]), 2],
    ['writeToldWrongly', 'a success that is not there', aWrite([{ rowsAffected: 1 }]), 0],
    ['writeToldWrongly', 'a refusal that was done', aWrite([nothingDone]), 1],
    ['writeToldWrongly', 'refusals that were done', aWrite([nothingDone, nothingDone]), 1],
    ['writeToldWrongly', 'two rows where one was asked', aWrite([{ rowsAffected: 2 }]), 1],
    [
      'writeToldWrongly',
      'found as applied, not there',
      aWrite([doubt, { call: 'findWrite', state: 'applied' }]),
      0,
    ],
    [
      'writeToldWrongly',
      'found as never received, but there',
      aWrite([doubt, { call: 'findWrite', state: 'neverReceived', isAfterHealing: true }]),
      1,
    ],
    [
      'writeToldWrongly',
      'found as not applied, but there',
      aWrite([doubt, { call: 'findWrite', state: 'notApplied', isAfterHealing: true }]),
      1,
    ],
    [
      'writeToldWrongly',
      'an async write that succeeded and is not there',
      aWrite([{ call: 'submit', status: 201 }, state('successful')], { kind: 'asyncWrite' }),
      0,
    ],
    [
      'writeToldWrongly',
      'an async write that expired and was done',
      aWrite([{ call: 'submit', status: 201 }, state('expiredInQueue', { hasReason: true })], {
        kind: 'asyncWrite',
      }),
      1,
    ],
    [
      'writeToldWrongly',
      'an async write that ended as not begun and was done',
      aWrite(
        [
          { call: 'submit', status: 201 },
          state('executionFailed', { hasReason: true, retry: 'safe' }),
        ],
        { kind: 'asyncWrite' },
      ),
      1,
    ],
    ['acknowledgedQueryLost', 'an acknowledged query never heard of again', anAsync([]), 0],
    [
      'acknowledgedQueryLost',
      'one that nobody knows',
      anAsync([{ call: 'status', status: 404 }]),
      0,
    ],
    [
      'acknowledgedQueryLost',
      'one gone without cause',
      anAsync([{ call: 'status', status: 410, code: 'QUERY_GONE' }]),
      0,
    ],
    ['acknowledgedQueryLost', 'one that never ends', anAsync([state('executing')]), 0],
    ['acknowledgedQueryLost', 'a failure without a reason', anAsync([state('uploadFailed')]), 0],
    [
      'foreignResult',
      'rows of somebody else',
      aRead({ told: [told({ rows: { ...whole, foreign: 1 } })] }),
      0,
    ],
    ['foreignResult', 'a stranger who is answered', aRead({ strangerStatus: 200 }), 0],
    [
      'tornResult',
      'rows that are missing',
      aRead({ told: [told({ rows: { ...whole, count: 2 } })] }),
      0,
    ],
    [
      'tornResult',
      'rows out of place',
      aRead({ told: [told({ rows: { ...whole, misplaced: 2 } })] }),
      0,
    ],
    ['noFinalWord', 'a caller who is left waiting', aRead({ told: [], isUnfinished: true }), 0],
  ])('%s: %s', (rule, _, history, times) => {
    expect(broken(history, times)).toEqual([rule]);
  });

  test('acknowledgedQueryLost: a registered query that never runs again', () => {
    const taken = { call: 'submit', status: 202 } as const;
    const registered = (answers: Partial<Told>[]): CaseHistory =>
      aRead({ kind: 'registered', told: answers.map(told) });
    expect(broken(registered([taken]))).toEqual(['acknowledgedQueryLost']);
    expect(broken(registered([taken, { call: 'pages', rows: whole }]))).toEqual([]);
    expect(broken(registered([{ call: 'submit', status: 503, retry: 'safe' }]))).toEqual([]);
  });

  test('failedWithoutCause: a query that fails although nothing broke', () => {
    const undisturbed = { isUndisturbed: true };
    const failures = [
      aRead({ told: [told(nothingDone)] }),
      anAsync([state('executionFailed', { hasReason: true })]),
      anAsync([state('successful')]),
    ];
    for (const history of failures)
      expect(broken(history, 0, undisturbed)).toEqual(['failedWithoutCause']);
    expect(broken(aWrite([{ rowsAffected: 1 }]), 1, undisturbed)).toEqual(['failedWithoutCause']);
    const found = { call: 'findWrite', state: 'applied' } as const;
    expect(broken(aWrite([{ rowsAffected: 1 }, found]), 1, undisturbed)).toEqual([]);
    expect(broken(aRead(), 0, undisturbed)).toEqual([]);
    const fetched = { call: 'pages', rows: whole } as const;
    expect(broken(anAsync([state('successful'), fetched]), 0, undisturbed)).toEqual([]);
  });

  test('expiredWrongly: an end by a clock that does not decide', () => {
    const expired = [
      anAsync([state('expiredInQueue', { hasReason: true, code: 'QUEUE_EXPIRED' })]),
      aRead({ told: [told({ status: 504, code: 'QUEUE_EXPIRED', retry: 'safe' })] }),
    ];
    for (const history of expired) {
      expect(broken(history, 0, { mayNotExpire: true })).toEqual(['expiredWrongly']);
      expect(broken(history)).toEqual([]);
    }
  });

  test('failedUnclearly: a failure that no other try can mend', () => {
    const full = { mustBeRetryable: true };
    const answer = (code?: string): CaseHistory =>
      aRead({ told: [told({ status: 503, ...(code && { code }) })] });
    for (const code of ['INTERNAL', 'SITE_NOT_FOUND', 'NO_SUCH_CODE', undefined])
      expect(broken(answer(code), 0, full)).toEqual(['failedUnclearly']);
    for (const code of ['SPOOL_FULL', 'JOURNAL_UNAVAILABLE', 'WRITE_RESULT_NOT_KEPT'])
      expect(broken(answer(code), 0, full)).toEqual([]);
    const ended = anAsync([state('executionFailed', { hasReason: true, code: 'INTERNAL' })]);
    expect(broken(ended, 0, full)).toEqual(['failedUnclearly']);
    expect(broken(answer('INTERNAL'))).toEqual([]);
  });

  test('runBurst: what was missed by the clock is made up for at once', () => {
    const ran = (count: number): CaseHistory =>
      aRead({ kind: 'registered', told: [], runs: { count, withinSeconds: 5 } });
    expect(broken(ran(9))).toEqual(['runBurst']);
    expect(broken(ran(8))).toEqual([]);
  });

  test('ranOnAfterItsEnd: a cancelled query that the database still works on', () => {
    const cancelled = { ...anAsync([]), isCancelled: true };
    cancelled.told.push(
      told(state('executionFailed', { hasReason: true, code: 'QUERY_CANCELLED' })),
    );
    expect(broken(cancelled, 0, { isStillRunning: true })).toEqual(['ranOnAfterItsEnd']);
    expect(broken(cancelled, 0, { isUndisturbed: true, mustBeRetryable: true })).toEqual([]);
  });

  test('each rule has a violation above', () => {
    expect(rules).toHaveLength(11);
  });
});

test('rows are seen as foreign, or out of place', () => {
  const rows = [
    { nonce: 'mine', n: 5 },
    { nonce: 'mine', n: 7 },
    { nonce: 'theirs', n: 7 },
  ];
  expect(seeRows(rows, 'mine', 5)).toEqual({ count: 3, foreign: 1, misplaced: 1 });
});
