/**
 * Who may use the console for a practice or an integrator, and as what: the same page for both, with
 * the words and the roles of each. Whoever may not change anything sees it all the same.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ComponentType, type ReactNode } from 'react';
import type { RoleHolder } from '#libs/console-api/session.js';
import {
  invite,
  readPeople,
  withdrawInvitation,
  type Organisation,
} from '#apps/console/src/api/people.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section, type PageProps } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { EndRoleDialog } from './end-role-dialog.js';
import { InviteDialog, type InviteDialogProps } from './invite-dialog.js';
import { HolderTable, InvitationTable } from './people-tables.js';

export interface PeoplePageProps extends Pick<InviteDialogProps, 'whose' | 'roles' | 'invited'> {
  lead: string;
  /** The person at the keyboard invites and lets go. */
  mayChange: boolean;
  /** What the end of a role does not reach. */
  leftBy: (holder: RoleHolder) => ReactNode;
  Frame?: ComponentType<PageProps>;
}

export function PeoplePage(props: PeoplePageProps) {
  const { whose, roles, invited, lead, mayChange, leftBy, Frame = Page } = props;
  const queries = useQueryClient();
  const [isInviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<RoleHolder>();
  const queryKey = keyOf(whose);
  const people = useQuery({ queryKey, queryFn: () => readPeople(whose) });
  const changed = () => void queries.invalidateQueries({ queryKey });
  const withdraw = useMutation({
    mutationFn: (invitationId: string) => withdrawInvitation(whose, invitationId),
    onSuccess: () => {
      toast('The invitation was withdrawn');
      changed();
    },
  });
  return (
    <Frame
      title="People"
      lead={lead}
      actions={
        mayChange && (
          <Button look="main" onPress={() => setInviting(true)}>
            Invite somebody
          </Button>
        )
      }
    >
      <Asked query={people}>
        {({ holders, invitations }) => (
          <>
            <HolderTable
              holders={holders}
              hasEnds={roles.some(({ days }) => days)}
              onEnd={mayChange ? setLeaving : undefined}
            />
            {invitations.length > 0 && (
              <Section title="Invited, not here yet">
                {withdraw.isError && <ProblemNotice error={withdraw.error} />}
                <InvitationTable
                  invitations={invitations}
                  onWithdraw={mayChange ? withdraw.mutate : undefined}
                />
              </Section>
            )}
          </>
        )}
      </Asked>
      {isInviting && (
        <InviteDialog
          whose={whose}
          roles={roles}
          invite={(order) => invite(whose, order)}
          {...(invited && { invited })}
          onInvited={changed}
          onClose={() => setInviting(false)}
        />
      )}
      {leaving && (
        <EndRoleDialog
          whose={whose}
          holder={leaving}
          onDone={() => {
            setLeaving(undefined);
            toast('The role has ended');
            changed();
          }}
          onClose={() => setLeaving(undefined)}
        >
          {leftBy(leaving)}
        </EndRoleDialog>
      )}
    </Frame>
  );
}

/** Below the organisation's own key: what is asked again of it is asked again of its people. */
const keyOf = (whose: Organisation): string[] =>
  'practiceId' in whose
    ? ['practice', whose.practiceId, 'people']
    : ['integrator', whose.integratorId, 'people'];
