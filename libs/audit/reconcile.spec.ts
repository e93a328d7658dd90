import { describe, expect, test } from '@jest/globals';

import type { AuditRecord } from '#libs/audit/audit-record.js';
import { registeredLimits } from '#libs/contracts/registered.js';
import {
  readRecord,
  reconcile,
  RECONCILE_SLACK_MS,
  type LoggedRecord,
  type Reconciled,
  type ReconcileOrder,
} from '#libs/audit/reconcile.js';

const fromMs = Date.parse('2026-03-04T00:00:00.000Z');
const toMs = Date.parse('2026-03-05T00:00:00.000Z');
const noonMs = Date.parse('2026-03-04T12:00:00.000Z');
const known = { brokerKnownToMs: Infinity, agentKnownToMs: Infinity };

let index = 0;
function logged(record: Partial<AuditRecord>, atMs = noonMs): LoggedRecord {
  const whole: AuditRecord = {
    ts: new Date(atMs).toISOString(),
    type: 'query.executed',
    site: 'site-1',
    integrator: 'integrator-1',
    queryId: 'q-1',
    lane: 'immediate',
    mode: 'reader',
    outcome: 'successful',
    rowsBucket: '<=10',
    ...record,
  };
  return { index: index++, text: JSON.stringify(whole), record: whole };
}

const refused = { type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_SCOPE' } as const;
const failed = { type: 'query.failed', outcome: 'failed', errorCode: 'STATEMENT_FAILED' } as const;

const hold = (
  broker: LoggedRecord[],
  agent: LoggedRecord[],
  more: Partial<ReconcileOrder> = known,
): Reconciled => reconcile({ fromMs, toMs, broker, agent, ...more });

const clean = (counts: Partial<Reconciled>): Reconciled => ({
  ...{ matched: 0, undelivered: 0, pending: 0, untold: 0, mismatches: [] },
  ...counts,
});

describe('what both sides tell alike', () => {
  test('matches: an answer, a refusal, a failure, a run that was lost on its way', () => {
    const stories: [Partial<AuditRecord>, Partial<AuditRecord>][] = [
      [{}, {}],
      [refused, refused],
      [failed, failed],
      [{ type: 'query.failed', outcome: 'lost', errorCode: 'SITE_LOST' }, {}],
      [{ type: 'query.failed', outcome: 'failed', errorCode: 'SITE_BUSY' }, refused],
      [{ ...refused, errorCode: 'RESULT_TOO_LARGE' }, {}],
    ];
    const broker = stories.map(([said], n) => logged({ ...said, queryId: `q-${n}` }));
    const agent = stories.map(([, did], n) => logged({ ...did, queryId: `q-${n}` }));
    expect(hold(broker, agent)).toEqual(clean({ matched: stories.length }));
  });

  test('matches an async query by its submission, and lets it be tried again after a cut', () => {
    const submitted = logged({ type: 'query.submitted', lane: 'async' }, fromMs - 86_400_000 * 3);
    const cut = { type: 'query.failed', outcome: 'lost', lane: 'async' } as const;
    const agent = [logged(cut), logged(cut), logged({ lane: 'async' })];
    expect(hold([submitted], agent)).toEqual(clean({ matched: 1 }));
    expect(hold([submitted, logged({ lane: 'async' })], agent)).toEqual(clean({ matched: 1 }));
  });

  test('matches every run of a registered query with its one registration', () => {
    const standing = { type: 'registered.created', lane: 'registered', keyId: 'old' } as const;
    const run = { lane: 'registered', keyId: 'renewed' } as const;
    const agent = Array.from({ length: 50 }, () => logged(run));
    expect(hold([logged(standing, fromMs - 1e9)], agent)).toEqual(clean({ matched: 1 }));
    // What the broker says of a run shows the order too, and may come long after the run.
    expect(hold([logged(run)], agent)).toEqual(clean({ matched: 1 }));
    expect(hold([logged(run)], [])).toEqual(clean({}));
  });

  test('is nothing to tell where the query never arrived and nothing was given out', () => {
    const broker = [
      logged({ type: 'query.failed', outcome: 'failed', errorCode: 'SITE_OFFLINE' }),
      logged({ type: 'query.expired', outcome: 'failed', lane: 'async', queryId: 'q-2' }),
    ];
    expect(hold(broker, [])).toEqual(clean({ undelivered: 2 }));
  });

  test('leaves alone what is no query, and refusals that the agent only counted', () => {
    const broker = [logged({ type: 'agent.joined', queryId: undefined } as never)];
    const agent = [
      logged({ ...refused, reason: 'repeated', count: 9, queryId: undefined } as never),
    ];
    expect(hold(broker, agent)).toEqual(clean({}));
  });
});

describe('a broker that hides a dispatch', () => {
  test('is found by the run, and by the refusal, that it has no record of', () => {
    const ran = logged({});
    const said = logged({ ...refused, queryId: 'q-2' });
    expect(hold([], [ran, said]).mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: ran },
      { kind: 'executed-not-dispatched', queryId: 'q-2', agent: said },
    ]);
  });

  test('is found when it passes one dispatch on twice', () => {
    const again = logged({});
    expect(hold([logged({})], [logged({}), again]).mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: again },
    ]);
  });
});

describe('a broker that uses an id again', () => {
  const submitted = { type: 'query.submitted', lane: 'async' } as const;
  const found = (order: Partial<AuditRecord>, runs: Partial<AuditRecord>[]) => {
    const agent = runs.map((one) => logged({ lane: order.lane!, ...one }));
    return { agent, told: hold([logged(order, noonMs - 1)], agent) };
  };

  test('for other statements is found by their fingerprints', () => {
    const fingerprints = ['a', 'b', 'c'].map((fingerprint) => ({ fingerprint }));
    const { agent, told } = found(submitted, fingerprints);
    expect(told.mismatches).toMatchObject([
      { kind: 'differs', queryId: 'q-1', agent: agent[1], fields: ['fingerprint'] },
    ]);
    const refusedFirst = found(submitted, [{ ...refused, fingerprint: 'a' }, { fingerprint: 'b' }]);
    expect(refusedFirst.told.mismatches).toMatchObject([{ fields: ['fingerprint'] }]);
  });

  test('for a run of another statement than its own record names is found', () => {
    const { told } = found({ ...submitted, fingerprint: 'a' }, [{ fingerprint: 'b' }]);
    expect(told.mismatches).toMatchObject([{ kind: 'differs', fields: ['fingerprint'] }]);
  });

  test('to have a write done twice is found; an answer that is repeated, or a read, is not', () => {
    const same = { fingerprint: 'a' };
    const applied = { ...same, mode: 'nonQuery', reason: 'applied' } as const;
    const write = { ...submitted, mode: 'nonQuery' } as const;
    const twice = found(write, [applied, applied]);
    expect(twice.told.mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: twice.agent[1] },
    ]);
    const cut = { ...same, mode: 'nonQuery', type: 'query.failed', outcome: 'lost' } as const;
    const repeated = { ...applied, reason: 'replayed' };
    const refusedAtDoor = { ...refused, mode: 'nonQuery' } as const;
    for (const runs of [
      [cut, applied, repeated],
      [applied, repeated],
      [refusedAtDoor, applied],
    ])
      expect(found(write, runs).told).toEqual(clean({ matched: 1 }));
    expect(found(submitted, [same, same]).told).toEqual(clean({ matched: 1 }));
  });

  test('of a registered query for a query of another lane is found', () => {
    const standing = { type: 'registered.created', lane: 'registered' } as const;
    expect(found(standing, [{ lane: 'immediate' }]).told.mismatches).toMatchObject([
      { kind: 'differs', fields: ['lane'] },
    ]);
  });
});

describe('a registered query', () => {
  const lane = { lane: 'registered' } as const;
  const taken = { ...lane, type: 'registered.created' } as const;
  const dayMs = registeredLimits.durationSeconds * 1_000;
  const nobodyKnows = { ...known, standingKnownFromMs: Infinity };

  test('that the broker has no record of is found by its runs, and by its being taken in', () => {
    const agent = [logged(taken), logged(lane), logged(lane)];
    expect(hold([], agent).mismatches.map((one) => [one.kind, one.agent])).toEqual(
      expect.arrayContaining(agent.map((one) => ['executed-not-dispatched', one])),
    );
    expect(hold([], agent).mismatches).toHaveLength(3);
    expect(hold([logged(taken)], agent)).toEqual(clean({ matched: 1 }));
    expect(hold([logged(taken)], agent.slice(0, 1))).toEqual(clean({ matched: 1 }));
  });

  test('that may be older than the broker’s records is not told, and is no agreement', () => {
    expect(hold([], [logged(lane), logged(lane)], nobodyKnows)).toEqual(clean({ untold: 2 }));
    const sinceMs = noonMs - dayMs - RECONCILE_SLACK_MS;
    const agent = [logged(taken), logged(lane, noonMs + 1)];
    const since = (standingKnownFromMs: number) => ({ ...known, standingKnownFromMs });
    expect(hold([], agent, since(sinceMs)).mismatches).toHaveLength(2);
    expect(hold([], agent, since(sinceMs + 1))).toEqual(clean({ untold: 2 }));
    const passing = logged({ queryId: 'q-2' });
    expect(hold([], [passing], nobodyKnows).mismatches).toHaveLength(1);
    expect(hold([], agent, { ...nobodyKnows, brokerKnownToMs: 0 })).toEqual(clean({ pending: 2 }));
  });

  test.each(['registered.renewed', 'registered.cancelled', 'registered.ended'] as const)(
    'is known by its %s too',
    (type) => {
      expect(hold([logged({ ...lane, type })], [logged(lane)], nobodyKnows)).toEqual(
        clean({ matched: 1 }),
      );
    },
  );

  test('that ran is not taken in again with another statement, nor one that is long over', () => {
    const order = logged(taken, noonMs - 5_000);
    const a = { fingerprint: 'a' };
    const b = { fingerprint: 'b' };
    const first = [logged({ ...taken, ...a }), logged({ ...lane, ...a })];
    const again = logged({ ...taken, ...b });
    expect(hold([order], [...first, again]).mismatches).toMatchObject([
      { kind: 'differs', agent: again, fields: ['fingerprint'] },
    ]);
    // A disk that was full for a moment, and a version that makes another fingerprint.
    const honest = [first[0]!, logged({ ...taken, ...a }), first[1]!, logged({ ...lane, ...b })];
    expect(hold([order], honest)).toEqual(clean({ matched: 1 }));
    const old = logged(taken, noonMs - 3 * dayMs - RECONCILE_SLACK_MS - 1);
    const late = logged(taken);
    expect(hold([old], [late]).mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: late },
    ]);
  });
});

describe('an agent that tells another story', () => {
  test('is found when it has no trace of what the broker was answered', () => {
    const answered = logged({});
    const refusedThere = logged({ ...failed, queryId: 'q-2' });
    expect(hold([answered, refusedThere], []).mismatches).toEqual([
      { kind: 'dispatched-not-executed', queryId: 'q-1', broker: answered },
      { kind: 'dispatched-not-executed', queryId: 'q-2', broker: refusedThere },
    ]);
  });

  test.each<[string, Partial<AuditRecord>, Partial<AuditRecord>, string]>([
    ['another integrator', {}, { integrator: 'integrator-2' }, 'integrator'],
    ['another site', {}, { site: 'site-2' }, 'site'],
    ['another permission', { grantId: 'g-1' }, { grantId: 'g-2' }, 'grantId'],
    ['that it refused what was answered', {}, refused, 'outcome'],
    ['that it answered what was refused', refused, {}, 'outcome'],
    ['that it answered what failed there', failed, {}, 'outcome'],
    ['another size', {}, { rowsBucket: '<=1000' }, 'rowsBucket'],
  ])('is found when it says %s', (_, said, did, field) => {
    const [broker, agent] = [logged(said), logged(did)];
    expect(hold([broker], [agent]).mismatches).toEqual([
      { kind: 'differs', queryId: 'q-1', broker, agent, fields: [field] },
    ]);
  });
});

describe('a question what became of a write', () => {
  const asked = {
    ...{ type: 'write.found', lane: undefined, mode: undefined, rowsBucket: undefined },
  } as unknown as Partial<AuditRecord>;
  const ofBroker = (more: Partial<AuditRecord> = {}) =>
    logged({ ...asked, requestId: 'of-the-caller', reason: 'applied', ...more });
  const ofAgent = (more: Partial<AuditRecord> = {}) =>
    logged({ ...asked, queryId: undefined, requestId: 'q-1', reason: 'applied', ...more } as never);

  test('matches by the receipt, which the agent has as the id of its request', () => {
    expect(hold([ofBroker()], [ofAgent()])).toEqual(clean({ matched: 1 }));
    const unheard = ofBroker({ reason: 'unknown' });
    expect(hold([unheard], [ofAgent()])).toEqual(clean({ matched: 1 }));
    expect(hold([unheard], [])).toEqual(clean({ undelivered: 1 }));
  });

  test('is found where one side has it alone, or they say another state', () => {
    const [said, did] = [ofBroker(), ofAgent()];
    expect(hold([said], []).mismatches).toEqual([
      { kind: 'dispatched-not-executed', queryId: 'q-1', broker: said },
    ]);
    expect(hold([], [did]).mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: did },
    ]);
    const other = ofAgent({ reason: 'neverReceived' });
    expect(hold([said], [other]).mismatches).toEqual([
      { kind: 'differs', queryId: 'q-1', broker: said, agent: other, fields: ['reason'] },
    ]);
  });

  test('hides no query that ran under the same id', () => {
    const ran = logged({ requestId: 'q-1' });
    const found = hold([ofBroker()], [ofAgent(), ran]);
    expect(found.mismatches).toEqual([
      { kind: 'executed-not-dispatched', queryId: 'q-1', agent: ran },
    ]);
    const kinds = hold([ofBroker()], [logged({})]).mismatches.map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['dispatched-not-executed', 'executed-not-dispatched']);
    const hidden = logged({ queryId: 'q-2', requestId: 'of-the-caller' });
    expect(hold([ofBroker()], [ofAgent(), hidden]).mismatches).toHaveLength(1);
  });

  test('of an earlier broker matches by the caller’s own id, as often as that was used', () => {
    const broker = ['r-1', 'r-2'].map((queryId, n) =>
      ofBroker({ queryId, reason: n === 0 ? 'applied' : 'neverReceived' }),
    );
    const agent = ['neverReceived', 'applied'].map((reason) =>
      ofAgent({ requestId: 'of-the-caller', reason }),
    );
    expect(hold(broker, agent)).toEqual(clean({ matched: 2 }));
  });
});

describe('the borders of the window', () => {
  const edgeMs = toMs - 1_000;

  test('are crossed by records that come a little later on the other side, and are no mismatch in either window', () => {
    const broker = [logged({}, edgeMs)];
    const agent = [logged({}, toMs + 5_000)];
    expect(hold(broker, agent)).toEqual(clean({ matched: 1 }));
    const next = { ...known, fromMs: toMs, toMs: toMs + 86_400_000 };
    expect(hold(broker, agent, next)).toEqual(clean({ matched: 1 }));
    expect(hold([broker[0]!], [], next)).toEqual(clean({}));
  });

  test('leave what the other side cannot have told yet untold', () => {
    const settled = { brokerKnownToMs: toMs, agentKnownToMs: toMs };
    expect(hold([logged({}, edgeMs)], [], settled)).toEqual(clean({ pending: 1 }));
    expect(hold([], [logged({}, edgeMs)], settled)).toEqual(clean({ pending: 1 }));
    const longAgo = toMs - RECONCILE_SLACK_MS;
    expect(hold([logged({}, longAgo)], [], settled).mismatches).toHaveLength(1);
  });

  test('never make an incident of an agent that is offline', () => {
    const offline = { brokerKnownToMs: Infinity };
    const broker = [logged({}), logged({ ...failed, queryId: 'q-2' })];
    expect(hold(broker, [], offline)).toEqual(clean({ pending: 2 }));
  });
});

describe('text that is to be a record', () => {
  test('is read only when it says what and when', () => {
    expect(readRecord('{"ts":"2026-03-04T00:00:00Z","type":"query.executed"}')).toBeDefined();
    for (const text of ['', 'null', '[]', '{"ts":"soon","type":"x"}', '{"type":"query.executed"}'])
      expect(readRecord(text)).toBeUndefined();
  });
});
