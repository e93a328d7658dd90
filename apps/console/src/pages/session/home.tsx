/** The console's own address: leads to the first workplace, or says why there is none. */
import { Navigate } from 'react-router';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { workplacesOf } from '#apps/console/src/session/workplaces.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Page } from '#apps/console/src/ui/page.js';

export function Home() {
  const [first] = workplacesOf(useSignedIn());
  if (first) return <Navigate to={first.path} replace />;
  return (
    <Page title="Nothing here yet">
      <Empty title="You have no role at the moment">
        Your last role has ended. Ask whoever invited you for a new invitation.
      </Empty>
    </Page>
  );
}
