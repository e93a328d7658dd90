/**
 * The frame of every page of somebody who is signed in: the workplace, its navigation for the roles
 * held there, the person. On a narrow screen the navigation folds away behind a button.
 */
import { useState } from 'react';
import { Navigate, Outlet, useLocation, useNavigation } from 'react-router';
import type { Session } from '#libs/console-api/session.js';
import { SessionEnded } from '#apps/console/src/session/session-ended.js';
import { useSession } from '#apps/console/src/session/session-context.js';
import { workplacesOf } from '#apps/console/src/session/workplaces.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Mark } from '#apps/console/src/ui/mark.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { AccountMenu } from './account-menu.js';
import { Navigation } from './navigation.js';
import { WorkplaceSwitch } from './workplace-switch.js';

export function Shell() {
  const { session, failure, retry } = useSession();
  const { pathname, search } = useLocation();
  if (session === undefined) {
    return (
      <main className="alone">
        {failure ? (
          <ProblemNotice error={failure} action={<Button onPress={retry}>Try again</Button>} />
        ) : (
          <Loading />
        )}
      </main>
    );
  }
  if (session === null) {
    const next = encodeURIComponent(`${pathname}${search}`);
    return <Navigate to={pathname === '/' ? '/sign-in' : `/sign-in?next=${next}`} replace />;
  }
  return <Frame session={session} />;
}

function Frame({ session }: { session: Session }) {
  const { pathname } = useLocation();
  const isLeaving = useNavigation().state === 'loading';
  // Open for the page it was opened on; the next one begins with it folded.
  const [openAt, setOpenAt] = useState<string>();
  const isOpen = openAt === pathname;
  const places = workplacesOf(session);
  const found = places.find(({ path }) => pathname === path || pathname.startsWith(`${path}/`));
  // Pages that belong to no workplace are shown within the one before.
  const [lastPath, setLastPath] = useState<string>();
  if (found && found.path !== lastPath) setLastPath(found.path);
  const here = found ?? places.find(({ path }) => path === lastPath) ?? places[0];
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="bar">
        <Mark />
        <button
          type="button"
          className="button button--quiet bar__menu"
          aria-expanded={isOpen}
          aria-controls="side"
          onClick={() => setOpenAt(isOpen ? undefined : pathname)}
        >
          Menu
        </button>
      </header>
      <div id="side" className={isOpen ? 'side side--open' : 'side'}>
        {here && <WorkplaceSwitch places={places} here={here} />}
        {here && <Navigation place={here} />}
        <AccountMenu person={session.person} />
      </div>
      <main id="main" className="main" tabIndex={-1} aria-busy={isLeaving}>
        <Outlet />
      </main>
      <SessionEnded />
    </div>
  );
}
