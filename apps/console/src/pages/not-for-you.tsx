import type { PersonRole } from '#libs/console-api/session.js';
import { roleNames } from '#apps/console/src/session/workplaces.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { Page } from '#apps/console/src/ui/page.js';

const or = new Intl.ListFormat('en-AU', { type: 'disjunction' });

export function NotForYou({ roles }: { roles: readonly PersonRole[] }) {
  const names = or.format(roles.map((role) => roleNames[role].toLowerCase()));
  return (
    <Page
      title="This page is for somebody else"
      lead={`It needs the role of ${names}. Whoever invited you can give you that role.`}
    >
      <p>
        <ButtonLink to="/" look="main">
          Go to the first page
        </ButtonLink>
      </p>
    </Page>
  );
}
