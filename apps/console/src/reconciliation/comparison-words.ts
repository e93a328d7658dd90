import type { Reconciliation } from '#libs/console-api/reconciliation.js';

const counted = (count: number): string => count.toLocaleString('en-AU');

/** What came of a comparison, as the end of a sentence; while it is under way, that it is. */
export function resultWords({ outcome, matched, mismatched }: Reconciliation): string {
  if (outcome === undefined) return 'under way.';
  return {
    agrees: `${counted(matched)} queries agree.`,
    differs: `${counted(mismatched)} do not agree.`,
    unknown: 'the server could not be asked.',
    unproven: 'the server’s own log does not prove what it did.',
    unfinished:
      'no difference was found, but there was more than could be compared; the rest has not been told.',
  }[outcome];
}
