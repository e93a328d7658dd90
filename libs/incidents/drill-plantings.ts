/** The kinds of queries a drill plants: what each side writes down of one, and what is true of it. Pure. */
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { DrillPlace, PlantedQuery } from '#libs/incidents/drill-records.js';
import type { SeededRandom } from '#libs/kernel/seeded-random.js';

export interface ToPlant {
  place: DrillPlace;
  /** When the broker's record of its end is written; where it has none, the agent's. */
  atMs: number;
  queryId: string;
  isWrite: boolean;
  /** The agent can be asked about that time. */
  isKnown: boolean;
  random: SeededRandom;
}

type Truth = Omit<
  PlantedQuery,
  | 'practiceId'
  | 'siteId'
  | 'agentId'
  | 'integratorId'
  | 'keyId'
  | 'purposes'
  | 'at'
  | 'write'
  | 'brokerProven'
>;

export interface Planted {
  broker: AuditRecord[];
  journal: AuditRecord[];
  /** Absent: nobody can know of it. */
  truth?: Truth;
}
export type Planting = (wanted: ToPlant) => Planted;

const rowClasses = ['<=0', '<=10', '<=100', '<=1000'];
const byteClasses = ['<=1024', '<=10240', '<=102400'];

/** What both sides write of every query. */
function bothOf({ place, queryId, isWrite }: ToPlant): Omit<AuditRecord, 'ts' | 'type'> {
  const { agent, siteId, integratorId, keyId } = place;
  return {
    ...{ practice: agent.practiceId, site: siteId, integrator: integratorId, keyId, queryId },
    ...{ lane: 'immediate', mode: isWrite ? 'nonQuery' : 'reader' },
  };
}

const stamp = (wanted: ToPlant, ms = 0): string => new Date(wanted.atMs + ms).toISOString();
const salted = (wanted: ToPlant): { salt: string } => ({ salt: wanted.random.word(22) });

type Extra = Partial<AuditRecord> & Pick<AuditRecord, 'type'>;

const ofBroker = (wanted: ToPlant, extra: Extra, ms = 0): AuditRecord => ({
  ...{ ...bothOf(wanted), ts: stamp(wanted, ms), ...salted(wanted), ...extra },
});
const ofAgent = (wanted: ToPlant, extra: Extra, ms = -40): AuditRecord => ({
  ...{ ...bothOf(wanted), ts: stamp(wanted, ms), ...salted(wanted) },
  ...{ purpose: wanted.place.purposes.join(' '), ...wanted.place.statement, ...extra },
});

const size = ({ random }: ToPlant) => ({
  ...{ rowsBucket: random.pick(rowClasses), bytesBucket: random.pick(byteClasses) },
});
const executed = { type: 'query.executed', outcome: 'successful' } as const;

const nothing: Omit<Truth, 'verdict'> = {
  ...{ dispatched: false, executed: false, answered: false, refused: false },
  ...{ brokerRecords: 1, agentRecords: 0 },
};
const ran = { dispatched: true, executed: true };
const answered = { ...ran, answered: true };

/** What the agent adds, where it can be asked. */
const seen = ({ isKnown, place }: ToPlant, verdict: Truth['verdict'], agentRecords = 1) =>
  isKnown
    ? { ...place.statement, verdict, agentRecords }
    : { verdict: 'notCompared' as const, agentRecords: 0 };

const given = ({ rowsBucket: rows, bytesBucket: bytes }: ReturnType<typeof size>) => ({
  ...{ rows, bytes },
});

const immediate: Planting[] = [
  /** Answered, as most are. */
  (wanted) => {
    const sizes = size(wanted);
    return {
      broker: [ofBroker(wanted, { ...executed, ...sizes })],
      journal: [ofAgent(wanted, { ...executed, ...sizes })],
      truth: { ...nothing, ...answered, ...given(sizes), ...seen(wanted, 'both') },
    };
  },
  /** The database refused it. */
  (wanted) => {
    const failed = {
      type: 'query.failed',
      outcome: 'failed',
      errorCode: 'STATEMENT_FAILED',
    } as const;
    return {
      broker: [ofBroker(wanted, failed)],
      journal: [ofAgent(wanted, failed)],
      truth: { ...nothing, ...ran, ...seen(wanted, 'both') },
    };
  },
  /** The practice's server refused it. */
  (wanted) => {
    const no = { type: 'query.refused', outcome: 'refused', errorCode: 'SCOPE_FORBIDDEN' } as const;
    return {
      broker: [ofBroker(wanted, no)],
      journal: [ofAgent(wanted, no)],
      truth: { ...nothing, dispatched: wanted.isKnown, refused: true, ...seen(wanted, 'both') },
    };
  },
  /** The broker refused it at the door. */
  (wanted) => {
    const no = { type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_MISSING' } as const;
    const { queryId: _, ...record } = ofBroker(wanted, no);
    const verdict = wanted.isKnown ? 'nothingRan' : 'notCompared';
    return { broker: [record], journal: [], truth: { ...nothing, refused: true, verdict } };
  },
  /** The site was away. */
  (wanted) => ({
    broker: [
      ofBroker(wanted, { type: 'query.failed', outcome: 'failed', errorCode: 'SITE_OFFLINE' }),
    ],
    journal: [],
    truth: { ...nothing, verdict: wanted.isKnown ? 'nothingRan' : 'notCompared' },
  }),
  /** It ran; the link broke before the answer was here. */
  (wanted) => ({
    broker: [ofBroker(wanted, { type: 'query.failed', outcome: 'lost', errorCode: 'SITE_LOST' })],
    journal: [ofAgent(wanted, { ...executed, ...size(wanted) })],
    truth: { ...nothing, ...(wanted.isKnown && ran), ...seen(wanted, 'both') },
  }),
];

/** @param run what its record says besides */
function hiddenByBroker(
  wanted: Parameters<Planting>[0],
  run: Pick<AuditRecord, 'lane' | 'requestId'>,
): ReturnType<Planting> {
  const sizes = size(wanted);
  const { queryId } = wanted;
  const journal = [ofAgent(wanted, { ...executed, ...run, ...sizes }, 0)];
  if (!wanted.isKnown) return { broker: [], journal };
  return {
    ...{ broker: [], journal },
    truth: {
      ...{ ...nothing, ...answered, ...given(sizes), ...seen(wanted, 'agentOnly') },
      brokerRecords: 0,
      mismatch: { kind: 'executed-not-dispatched', queryId, fields: [] },
    },
  };
}

const contradictions: Planting[] = [
  /** The broker hides it. */
  (wanted) => hiddenByBroker(wanted, {}),
  /** The broker hides a registered query, of which this is a run. */
  (wanted) => hiddenByBroker(wanted, { lane: 'registered', requestId: `${wanted.queryId}.3` }),
  /** The practice's server hides it. */
  (wanted) => {
    const sizes = size(wanted);
    const { queryId, isKnown } = wanted;
    return {
      broker: [ofBroker(wanted, { ...executed, ...sizes })],
      journal: [],
      truth: {
        ...{ ...nothing, ...answered, ...given(sizes) },
        verdict: isKnown ? 'brokerOnly' : 'notCompared',
        ...(isKnown && { mismatch: { kind: 'dispatched-not-executed', queryId, fields: [] } }),
      },
    };
  },
  /** One of them lies about how much it was. */
  (wanted) => {
    const { queryId, isKnown } = wanted;
    const [told, was] = [
      { rowsBucket: '<=10', bytesBucket: '<=1024' },
      { rowsBucket: '<=10000', bytesBucket: '<=1048576' },
    ];
    const fields = wanted.isWrite ? [] : ['rowsBucket'];
    const isFound = isKnown && fields.length > 0;
    return {
      broker: [ofBroker(wanted, { ...executed, ...told })],
      journal: [ofAgent(wanted, { ...executed, ...was })],
      truth: {
        ...{ ...nothing, ...answered, rows: '<=10', bytes: '<=1024' },
        ...seen(wanted, isFound ? 'differs' : 'both'),
        ...(isFound && { mismatch: { kind: 'differs', queryId, fields } }),
      },
    };
  },
  /** The broker says that it was refused; it ran. */
  (wanted) => {
    const { queryId, isKnown } = wanted;
    const no = { type: 'query.refused', outcome: 'refused', errorCode: 'GRANT_REVOKED' } as const;
    return {
      broker: [ofBroker(wanted, no)],
      journal: [ofAgent(wanted, { ...executed, ...size(wanted) })],
      truth: {
        ...{ ...nothing, ...(isKnown && ran), refused: true, ...seen(wanted, 'differs') },
        ...(isKnown && { mismatch: { kind: 'differs', queryId, fields: ['outcome'] } }),
      },
    };
  },
];

const HOURS_MS = 3_600_000;

const later: Planting[] = [
  /** Async: ordered hours before, run twice, answered. */
  (wanted) => {
    const sizes = size(wanted);
    const lane = { lane: 'async' } as const;
    return {
      broker: [
        ofBroker(wanted, { type: 'query.submitted', ...lane }, -5 * HOURS_MS),
        ofBroker(wanted, { ...executed, ...lane, ...sizes }),
      ],
      journal: [
        ofAgent(wanted, { type: 'query.failed', outcome: 'lost', ...lane }, -8_000),
        ofAgent(wanted, { ...executed, ...lane, ...sizes }),
      ],
      truth: {
        ...{ ...nothing, ...answered, ...given(sizes), ...seen(wanted, 'both', 2) },
        brokerRecords: 2,
      },
    };
  },
  /** Async: it waited until its time was over. */
  (wanted) => {
    const lane = { lane: 'async' } as const;
    return {
      broker: [
        ofBroker(wanted, { type: 'query.submitted', ...lane }, -2 * HOURS_MS),
        ofBroker(wanted, { type: 'query.expired', outcome: 'failed', ...lane }),
      ],
      journal: [],
      truth: {
        ...{ ...nothing, brokerRecords: 2 },
        verdict: wanted.isKnown ? 'nothingRan' : 'notCompared',
      },
    };
  },
  /** A registered query: two runs, of which one found something new. */
  (wanted) => {
    const sizes = size(wanted);
    const lane = 'registered' as const;
    const run = { lane, requestId: `${wanted.queryId}.1` };
    return {
      broker: [
        ofBroker(wanted, { type: 'registered.created', lane }, -90 * 24 * HOURS_MS),
        ofBroker(wanted, { ...executed, ...run, ...sizes }),
      ],
      journal: [ofAgent(wanted, { ...executed, ...run, ...sizes })],
      truth: { ...nothing, ...answered, ...given(sizes), ...seen(wanted, 'both') },
    };
  },
  (wanted) => {
    const lane = 'registered' as const;
    const registered = ofBroker(wanted, { type: 'registered.created', lane }, -90 * 24 * HOURS_MS);
    const run = { lane, requestId: `${wanted.queryId}.7` };
    const journal = [ofAgent(wanted, { ...executed, ...run, ...size(wanted) }, 0)];
    if (!wanted.isKnown) return { broker: [registered], journal };
    return {
      ...{ broker: [registered], journal },
      truth: { ...nothing, ...ran, ...seen(wanted, 'standing'), brokerRecords: 0 },
    };
  },
];

/** What is ordinary is planted more often. */
export const plantings: readonly Planting[] = [
  ...immediate,
  ...immediate,
  ...contradictions,
  ...later,
];
