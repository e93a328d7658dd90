/** Kinds of records and lengths of time, as people say them. */
import type { RetentionKind } from '#libs/console-api/retention.js';

export const kindWords: Record<RetentionKind, string> = {
  'audit-record': 'Audit records',
  'person-name': 'Names of people',
  'contact-name': 'Names of contacts',
  'privacy-request': 'Privacy requests',
  'access-request': 'Declined requests for access',
  'records-differ': 'Comparisons that differed',
  reconciliation: 'Comparisons that agreed',
  'usage-count': 'Reports of use',
  'webhook-delivery': 'Webhook deliveries',
  'server-timeline': 'Timelines of servers',
};

const YEAR_DAYS = 365.25;
/** Below, people count days. */
const MANY_DAYS = 730;

export const daysWords = (days: number): string =>
  days < MANY_DAYS ? `${days} days` : `${Math.floor(days / YEAR_DAYS)} years`;

/** Whole years, as many days as the broker counts for them. */
export const daysOfYears = (years: number): number => Math.ceil(years * YEAR_DAYS);
export const yearsOfDays = (days: number): number => Math.ceil(days / YEAR_DAYS - 0.01);

export const countWords = (records: number): string =>
  `${records.toLocaleString('en-AU')} ${records === 1 ? 'record' : 'records'}`;
