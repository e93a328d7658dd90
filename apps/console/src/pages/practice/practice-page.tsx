/** What every page of a practice shares: whose it is, its clock, and how fresh it stays. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { PracticeRole } from '#libs/console-api/session.js';
import { readOverview } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { useSignedIn } from '#apps/console/src/session/session-context.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Page, type PageProps } from '#apps/console/src/ui/page.js';
import './practice.css';

export function usePracticeId(): string {
  const { practiceId = '' } = useParams();
  return practiceId;
}

/** The roles that the person at the keyboard holds here. */
export function useRolesHere(): readonly string[] {
  const practiceId = usePracticeId();
  return useSignedIn()
    .roles.filter((held) => held.practiceId === practiceId)
    .map(({ role }) => role);
}

export const useIs = (...roles: PracticeRole[]): boolean => {
  const held = useRolesHere();
  return roles.some((role) => held.includes(role));
};

const OVERVIEW_MS = 5_000;

/** Kept fresh while somebody is at the page. */
export function useOverview() {
  const practiceId = usePracticeId();
  const mayRead = useIs('practice-owner', 'practice-manager', 'practice-auditor');
  return useQuery({
    queryKey: ['practice', practiceId],
    queryFn: () => readOverview(practiceId),
    refetchInterval: useWhileAttended(OVERVIEW_MS),
    enabled: mayRead,
  });
}

/** A page whose times are the practice's. */
export function PracticePage(props: PageProps & { timeZone?: string }) {
  const { timeZone: given, ...page } = props;
  const timeZone = useOverview().data?.timeZone ?? given;
  if (timeZone === undefined) return <Page {...page} />;
  return (
    <ZoneContext value={timeZone}>
      <Page {...page} />
    </ZoneContext>
  );
}
