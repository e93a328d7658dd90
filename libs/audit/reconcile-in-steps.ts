/**
 * Holds two logs against each other over a time of any length, so many of the agent's records in one
 * step: what is in memory is a step's. What a step can't tell (more records in half an hour than a step may
 * have, or time that ran out) is said, and is never taken for agreement.
 */
import {
  RECONCILE_SLACK_MS,
  reconcile,
  type LoggedRecord,
  type Mismatch,
  type Reconciled,
} from '#libs/audit/reconcile.js';

/** Milliseconds since the epoch; without `toMs`. */
export interface RecordSpan {
  fromMs: number;
  toMs: number;
}

export interface AgentRecords {
  /** Of the span, from its beginning on, in the order of the log. */
  records: LoggedRecord[];
  /** All of the agent's records up to then are here. */
  knownToMs: number;
  /** There are more, behind them. */
  isCut: boolean;
}

/** What one step is judged by. */
export interface Step extends RecordSpan {
  agentKnownToMs: number;
}

export interface StepSource<Stop extends string> {
  /** At most `most` of the agent's records; a word for why there are none to be had. */
  read(span: RecordSpan, most: number): Promise<AgentRecords | Stop>;
  /** Holds the broker's records against these, of the step and `RECONCILE_SLACK_MS` around it. */
  judge(step: Step, agent: readonly LoggedRecord[]): Promise<Reconciled>;
  nowMs(): number;
  /** Looks at the youngest too: what can't be told of them yet is counted as pending, and not told of later. */
  readonly looksAhead?: boolean;
}

interface Stepped<Stop extends string> extends Reconciled {
  /** Up to when it was told. */
  toldToMs: number;
  /** Something before `toldToMs` could not be told, or there was no time for what is behind it. */
  isUnfinished: boolean;
  /** Why it ended before the span did. */
  stop?: Stop;
}

export const stepLimits = {
  records: 20_000,
  /** Where half an hour has more than a step may have. */
  mostRecords: 200_000,
  /** A step that begins later is left to the next time. */
  mostMs: 8 * 60_000,
  /** What waits for the practice's line may be told of so long after it ran. */
  lookBackMs: 7 * 86_400_000,
};

/** @throws what the source throws */
export async function reconcileInSteps<Stop extends string>(
  span: RecordSpan,
  source: StepSource<Stop>,
  limits = stepLimits,
): Promise<Stepped<Stop>> {
  const endMs = source.nowMs() + limits.mostMs;
  const told = {
    ...{ matched: 0, undelivered: 0, pending: 0, untold: 0 },
    mismatches: [] as Mismatch[],
  };
  let isUnfinished = false;
  let fromMs = span.fromMs;
  let most = limits.records;
  const ended = (stop?: Stop): Stepped<Stop> => ({
    ...{ ...told, toldToMs: fromMs, isUnfinished },
    ...(stop !== undefined && { stop }),
  });
  while (fromMs < span.toMs) {
    if (source.nowMs() > endMs) {
      isUnfinished = true;
      break;
    }
    const around = { fromMs: fromMs - RECONCILE_SLACK_MS, toMs: span.toMs + RECONCILE_SLACK_MS };
    const read = await source.read(around, most);
    if (typeof read === 'string') return ended(read);
    const { records, isCut } = read;
    const agentKnownToMs = Math.min(read.knownToMs, source.nowMs());
    // No further than both sides can tell, so that nothing stays pending behind the step.
    const tellableToMs = Math.min(span.toMs, agentKnownToMs - RECONCILE_SLACK_MS);
    const toMs = source.looksAhead && !isCut ? span.toMs : tellableToMs;
    if (toMs > fromMs) {
      const step = { fromMs, toMs, agentKnownToMs };
      const found = await source.judge(step, records);
      const late = await withLateAnswers(step, found, source, limits);
      for (const key of ['matched', 'undelivered', 'pending', 'untold'] as const)
        told[key] += late[key];
      told.mismatches.push(...late.mismatches);
      isUnfinished ||= late.isUnfinished;
      fromMs = toMs;
      most = limits.records;
      // A moment later there would be a moment more, without end.
      if (!isCut) break;
    } else if (!isCut) {
      break;
    } else if (most < limits.mostRecords) {
      most = limits.mostRecords;
    } else {
      // Too many to be held at once. What comes behind them can be told again.
      isUnfinished = true;
      fromMs = Math.max(fromMs, agentKnownToMs) + RECONCILE_SLACK_MS;
    }
  }
  fromMs = Math.min(fromMs, span.toMs);
  return ended();
}

/**
 * A query that waited may have run long before its answer came: its run is looked for where its order
 * may lie, before anybody is told that it never ran.
 */
async function withLateAnswers<Stop extends string>(
  { fromMs, toMs }: RecordSpan,
  found: Reconciled,
  source: StepSource<Stop>,
  limits: typeof stepLimits,
): Promise<Reconciled & { isUnfinished: boolean }> {
  const suspects = found.mismatches.filter(isMaybeLate);
  if (suspects.length === 0) return { ...found, isUnfinished: false };
  const wanted = new Set(suspects.map(({ queryId }) => queryId));
  const before = { fromMs: fromMs - limits.lookBackMs, toMs: fromMs };
  const runs = await runsOf(wanted, before, source, limits.records);
  const certain = found.mismatches.filter((one) => !isMaybeLate(one));
  if (!runs) {
    const pending = found.pending + suspects.length;
    return { ...found, pending, mismatches: certain, isUnfinished: true };
  }
  const broker = suspects.flatMap((one) => one.broker ?? []);
  const known = { brokerKnownToMs: Infinity, agentKnownToMs: Infinity };
  const again = reconcile({ fromMs, toMs, broker, agent: runs, ...known });
  return {
    matched: found.matched + again.matched,
    undelivered: found.undelivered + again.undelivered,
    pending: found.pending + again.pending,
    untold: found.untold + again.untold,
    mismatches: [...certain, ...again.mismatches],
    isUnfinished: false,
  };
}

const isMaybeLate = ({ kind, broker }: Mismatch): boolean =>
  kind === 'dispatched-not-executed' && broker?.record.lane === 'async';

/** @returns undefined where not all of the span could be read */
async function runsOf<Stop extends string>(
  wanted: ReadonlySet<string>,
  span: RecordSpan,
  source: StepSource<Stop>,
  most: number,
): Promise<LoggedRecord[] | undefined> {
  const runs: LoggedRecord[] = [];
  for (let { fromMs } = span; ;) {
    const read = await source.read({ ...span, fromMs }, most);
    if (typeof read === 'string') return undefined;
    runs.push(...read.records.filter(({ record }) => wanted.has(record.queryId ?? '')));
    if (!read.isCut) return runs;
    if (read.knownToMs <= fromMs) return undefined;
    fromMs = read.knownToMs;
  }
}
