/** Why somebody is back at the sign-in page: signed out, or their work account did not let them in. */
import { useLocation, useSearchParams } from 'react-router';
import { Notice } from '#apps/console/src/ui/notice.js';

type Words = [title: string, remedy: string];

const refusals: Record<string, Words> = {
  CEREMONY_EXPIRED: ['Signing in took too long', 'Begin again. You have five minutes.'],
  OIDC_IDENTITY_UNKNOWN: [
    'Nobody here has that work account',
    'Sign in with your passkey, then link your work account on the page “Your passkeys”.',
  ],
  OIDC_UNAVAILABLE: [
    'Your work account’s provider can’t be reached',
    'Sign in with your passkey, or try again in a minute.',
  ],
  RATE_LIMITED: ['Too many attempts from this network', 'Wait a minute, then try again.'],
};
const other: Words = [
  'Your work account did not let you in',
  'Try again, or sign in with your passkey.',
];

export function WayBack() {
  const { hash } = useLocation();
  const [search] = useSearchParams();
  const problem = search.get('problem');
  if (problem !== null) {
    const [title, remedy] = Object.hasOwn(refusals, problem) ? (refusals[problem] ?? other) : other;
    return (
      <Notice tone="bad" title={title}>
        {remedy}
      </Notice>
    );
  }
  if (hash !== '#signed-out') return null;
  return (
    <Notice tone="good" title="You are signed out">
      This device keeps nothing of what you saw.
    </Notice>
  );
}
