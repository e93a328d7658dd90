/** Counts of an evidence pack, and their sums. Pure. */
import { verdicts, type PackCounts, type Verdict } from '#libs/console-api/incidents.js';

const plain = [
  'queries',
  'dispatched',
  'executed',
  'answered',
  'refused',
  'writes',
  'brokerRecords',
  'brokerProven',
  'agentRecords',
] as const satisfies readonly (keyof PackCounts)[];

export function noCounts(): PackCounts {
  const none = Object.fromEntries(verdicts.map((verdict) => [verdict, 0]));
  return {
    ...{ queries: 0, dispatched: 0, executed: 0, answered: 0, refused: 0, writes: 0 },
    ...{ rows: {}, bytes: {}, verdicts: none as Record<Verdict, number> },
    ...{ brokerRecords: 0, brokerProven: 0, agentRecords: 0 },
  };
}

/** Adds the second to the first. */
export function addTo(sum: PackCounts, more: PackCounts): void {
  for (const name of plain) sum[name] += more[name];
  for (const verdict of verdicts) sum.verdicts[verdict] += more.verdicts[verdict];
  for (const name of ['rows', 'bytes'] as const) {
    for (const [bucket, count] of Object.entries(more[name]))
      sum[name][bucket] = (sum[name][bucket] ?? 0) + count;
  }
  const { from, to } = more;
  if (from !== undefined && (sum.from === undefined || from < sum.from)) sum.from = from;
  if (to !== undefined && (sum.to === undefined || to > sum.to)) sum.to = to;
}

/** A new one. */
export function sumOf(all: Iterable<PackCounts>): PackCounts {
  const sum = noCounts();
  for (const one of all) addTo(sum, one);
  return sum;
}
