/**
 * How long what is kept: the one table. docs/retention.md is held to it by a test. A rule that says something
 * else gets a new version: the register names the version by which something went.
 */
import type { OtherRecords, RetentionKind } from '#libs/console-api/retention.js';

export interface RetentionRule {
  /** Of the words and days below; 1, 2, … */
  version: number;
  what: string;
  days: number;
  /** The event after which the days begin. */
  from: string;
  basis: string;
  action: 'destroyed' | 'name-erased';
  /** How long a practice may choose at most, for its own; absent: it has no choice. Never shorter than `days`. */
  longestDays?: number;
}

const YEAR_DAYS = 365.25;
const years = (count: number): number => Math.ceil(count * YEAR_DAYS);

/** As long as a child's health record must be kept: until 25, and some. */
const LONGEST_DAYS = years(30);
const CLAIMS =
  'A contract can be sued on for six years, and health records laws keep an adult’s record for seven: the evidence of who read it is kept as long.';

export const retentionSchedule: Readonly<Record<RetentionKind, RetentionRule>> = {
  'audit-record': {
    version: 1,
    what: 'The text of audit records: who did what, where and when',
    days: years(7),
    from: 'it was recorded',
    basis: `${CLAIMS} The record’s place and hash in the log stay for good.`,
    action: 'destroyed',
    longestDays: LONGEST_DAYS,
  },
  'person-name': {
    version: 1,
    what: 'The name and address of somebody who used the console, and their passkeys',
    days: 90,
    from: 'their last role ended',
    basis: 'Needed to read the log while questions are fresh; then for nothing (APP 11.2).',
    action: 'name-erased',
  },
  'contact-name': {
    version: 1,
    what: 'Names and addresses of contacts in what an integrator declared before',
    days: 365,
    from: 'another declaration took its place',
    basis: 'What a practice was told can be looked up for a year; whom to call then can not.',
    action: 'name-erased',
  },
  'privacy-request': {
    version: 1,
    what: 'Privacy requests and complaints, with their steps and notes',
    days: years(7),
    from: 'the request ended',
    basis: 'The practice’s evidence of how it answered, as long as it may be asked for it.',
    action: 'destroyed',
    longestDays: LONGEST_DAYS,
  },
  'access-request': {
    version: 1,
    what: 'Requests of software for access that were declined',
    days: years(2),
    from: 'it was declined',
    basis: 'Says why, when the same software asks again. The decision itself is an audit record.',
    action: 'destroyed',
    longestDays: years(7),
  },
  'records-differ': {
    version: 1,
    what: 'Comparisons of the two logs that found a difference, with both records',
    days: years(7),
    from: 'the comparison was asked for',
    basis: CLAIMS,
    action: 'destroyed',
    longestDays: LONGEST_DAYS,
  },
  reconciliation: {
    version: 1,
    what: 'Comparisons of the two logs that agreed',
    days: 400,
    from: 'the comparison was asked for',
    basis: 'A year’s row of comparisons can be shown. Each one is an audit record too.',
    action: 'destroyed',
    longestDays: years(7),
  },
  'usage-count': {
    version: 1,
    what: 'Reports: how much each software used of a site on a day',
    days: years(7),
    from: 'the day that is counted',
    basis: 'Bills are made of it, and tax law asks for five years of what bills are made of.',
    action: 'destroyed',
    longestDays: years(10),
  },
  'webhook-delivery': {
    version: 1,
    what: 'The delivery log of webhooks: which event was sent when, without its content',
    days: 14,
    from: 'the event',
    basis: 'Long enough to find a fault and send again.',
    action: 'destroyed',
  },
  'server-timeline': {
    version: 1,
    what: 'A server’s timeline, alerts that are over, decided requests and diagnoses',
    days: 90,
    from: 'it happened, or was over',
    basis: 'Long enough to see a pattern in a fault. What somebody did is an audit record too.',
    action: 'destroyed',
    longestDays: years(2),
  },
};

/** Goes by itself, without a plan: it is worth nothing to anybody once it is over. A hold does not reach it. */
export const sweptRecords: readonly OtherRecords[] = [
  {
    what: 'Sessions, confirmations and sign-in challenges',
    howLong: 'until they end: at most a working day',
    why: 'They say nothing but who may go on. Sign-ins and refusals are audit records.',
  },
  {
    what: 'Invitations, with the address they went to',
    howLong: '30 days after they lapse',
    why: 'For whoever asks why a link does not work. That somebody was invited is an audit record.',
  },
  {
    what: 'Install codes and pairing codes, as hashes',
    howLong: 'a day after they lapse',
    why: 'They can do nothing any more. That one was made and used is an audit record.',
  },
  {
    what: 'Answers that wait to be fetched, sealed for the software that asked',
    howLong: 'hours; the receipt of their removal is an audit record',
    why: 'Nothing is held longer than the transfer. Nobody at Conduit can open them.',
  },
  {
    what: 'Registered queries that have ended',
    howLong: '24 hours',
    why: 'A last answer can still be fetched.',
  },
  {
    what: 'Log bundles for a support case',
    howLong: 'not kept: made when somebody asks for one',
    why: 'They are put together out of audit records, and handed over.',
  },
];

/** Is not destroyed by any schedule. */
export const keptRecords: readonly OtherRecords[] = [
  {
    what: 'The audit log’s tree: hashes, signed heads, and the numbers of leaves',
    howLong: 'for good',
    why: 'It proves what was recorded, and that what went, went by the rules. A hash tells nothing of a destroyed record.',
  },
  {
    what: 'The register of destructions: kind, count, time and rule',
    howLong: 'for good',
    why: 'It is what can be shown in place of what is gone.',
  },
  {
    what: 'Permissions as they were signed, and what integrators declare of themselves',
    howLong: 'as long as the practice or the integrator uses Conduit',
    why: 'The practice’s server acts by them, and the practice can ask what it agreed to. They name people by number.',
  },
  {
    what: 'Suspected breaches: the evidence, what was decided and why, and who was told',
    howLong: 'for good',
    why: 'Whoever decided that nobody had to be told must be able to show why, years later. They name no patient, and people by number.',
  },
  {
    what: 'The practice’s own log on its own server',
    howLong: 'as the practice sets it there (journalKeepDays)',
    why: 'It is the practice’s. Conduit destroys nothing on it, and no hold placed here reaches it.',
  },
];

/** As it is named in the log and in proofs, e.g. `audit-record/1`. */
export const ruleName = (kind: RetentionKind, version: number): string => `${kind}/${version}`;
