import { useMutation } from '@tanstack/react-query';
import { NavLink } from 'react-router';
import type { Session } from '#libs/console-api/session.js';
import { useSession } from '#apps/console/src/session/session-context.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';

/** Who is signed in, what is theirs, and the way out. */
export function AccountMenu({ person }: { person: Session['person'] }) {
  const { signOut } = useSession();
  const leaving = useMutation({ mutationFn: signOut });
  return (
    <div className="account">
      <p className="account__name">{person.name}</p>
      {person.email !== undefined && <p className="account__email">{person.email}</p>}
      <nav className="navigation" aria-label="Your account">
        <ul>
          <li>
            <NavLink to="/account/passkeys">Your passkeys</NavLink>
          </li>
        </ul>
      </nav>
      <Button isPending={leaving.isPending} onPress={() => leaving.mutate()}>
        Sign out
      </Button>
      {leaving.isError && <ProblemNotice error={leaving.error} />}
    </div>
  );
}
