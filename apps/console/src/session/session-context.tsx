/**
 * Who is signed in, for every page. When the session ends under somebody's hands (idle, signed out
 * in another tab, revoked) their page stays as it is, with what they typed, and a dialog asks them
 * to sign in again; only another person, or a reload, loses it.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, type ReactNode } from 'react';
import type { Session } from '#libs/console-api/session.js';
import { onSessionEnd } from '#apps/console/src/api/request.js';
import { readSession, signOut as callSignOut } from '#apps/console/src/api/session.js';

interface Standing {
  session: Session | null;
  /** The session is over; the person of the page on the screen is the one to sign in again. */
  hasEnded: boolean;
}

interface SessionState extends Partial<Standing> {
  /** Why nothing is known. */
  failure: Error | null;
  /** Takes what signing in answered. */
  adopt(session: Session): void;
  /** Leaves for the sign-in page, and forgets everything on the way. */
  signOut(): Promise<void>;
  retry(): void;
}

const SessionContext = createContext<SessionState | undefined>(undefined);
const KEY = ['session'];

/** What is known once `found` is what the broker says. */
function follow(before: Standing | undefined, found: Session | null): Standing {
  if (!before?.session) return { session: found, hasEnded: false };
  if (!found) return { session: before.session, hasEnded: true };
  // Nothing that another person has loaded may stay on the screen.
  if (before.session.person.personId !== found.person.personId) window.location.assign('/console/');
  return { session: found, hasEnded: false };
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    queryFn: async ({ client }) => follow(client.getQueryData<Standing>(KEY), await readSession()),
  });

  useEffect(
    () =>
      onSessionEnd(() =>
        queries.setQueryData<Standing>(KEY, (now) => now && follow(now, null)),
      ) as () => void,
    [queries],
  );

  const adopt = useCallback(
    (session: Session) => {
      queries.setQueryData<Standing>(KEY, (now) => follow(now, session));
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    },
    [queries],
  );

  const signOut = useCallback(async () => {
    await callSignOut();
    window.location.assign('/console/sign-in#signed-out');
  }, []);

  const state = useMemo<SessionState>(
    () => ({ ...data, failure: error, adopt, signOut, retry: () => void refetch() }),
    [data, error, adopt, signOut, refetch],
  );
  return <SessionContext value={state}>{children}</SessionContext>;
}

export function useSession(): SessionState {
  const state = use(SessionContext);
  if (!state) throw new Error('used outside SessionProvider');
  return state;
}

/** For pages within the shell, which shows them to signed-in people only. */
export function useSignedIn(): Session {
  const { session } = useSession();
  if (!session) throw new Error('used outside the shell');
  return session;
}
