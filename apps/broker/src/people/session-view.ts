import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import type { Session } from '#libs/console-api/session.js';

/** A session as its own person sees it. */
export function sessionView({ personId, name, email, roles, session }: SignedInPerson): Session {
  return {
    person: { personId, name, ...(email !== undefined && { email }) },
    roles: roles.map((role) => ({ ...role })),
    startedAt: session.startedAt.toISOString(),
    idleUntil: session.idleUntil.toISOString(),
    endsAt: session.endsAt.toISOString(),
    signedInWith: session.signedInWith,
  };
}
