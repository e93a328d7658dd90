/** Words of the delivery log for people. */
import type { Delivery } from '#libs/console-api/integrator.js';
import type { Tone } from '#apps/console/src/ui/notice.js';

export const deliveryStates: Record<Delivery['state'], { words: string; tone: Tone }> = {
  pending: { words: 'On its way', tone: 'plain' },
  delivered: { words: 'Delivered', tone: 'good' },
  failed: { words: 'Failed', tone: 'bad' },
  held: { words: 'Held back', tone: 'warning' },
};

const attemptWords: Record<string, string> = {
  'address-refused': 'The name has no address, or one that is not public.',
  'country-refused':
    'It is outside the countries that you declare in your profile, or it says none of several.',
  'connection-failed': 'No connection came about, or it broke.',
  'tls-failed': 'The certificate is not valid for the name, or TLS 1.2 could not be agreed on.',
  'timed-out': 'No status came within five seconds.',
  redirected: 'The answer was a redirect; none is followed.',
  'status-refused': 'The answer had another status than 2xx.',
  'secret-unusable': 'The secret cannot be opened any more; make a new one.',
};

/** What became of the last attempt, as far as there was one. */
export function lastAttempt({ attempts }: Delivery): string {
  const last = attempts.at(-1);
  if (!last) return 'Not tried yet';
  const status = last.statusCode === undefined ? '' : `${last.statusCode} `;
  const words = last.error === undefined ? 'OK' : (attemptWords[last.error] ?? last.error);
  return `${status}${words} (${last.durationMs} ms, attempt ${last.attempt})`;
}

/** `query.succeeded` as its table has it. */
export const eventWords: Record<string, string> = {
  'query.succeeded': 'An async query has its result',
  'query.failed': 'An async query failed',
  'query.expired': 'An async query waited for too long',
  'query.cancelled': 'An async query was cancelled',
  'registered.changed': 'A registered query has a new result',
  'registered.failed': 'A run of a registered query failed',
  'registered.ended': 'A registered query is over',
  'site.online': 'A site came online',
  'site.offline': 'A site went offline',
  'site.unreachable': 'A site has not been heard for two minutes',
  'grant.requested': 'A pairing code was redeemed',
  'grant.approved': 'A practice approved',
  'grant.changed': 'A practice changed its permission',
  'grant.revoked': 'A practice ended its permission',
  'webhook.test': 'A test',
};
