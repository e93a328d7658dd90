/** Where a patient's consent is withdrawn, and what a list of withdrawals can't do. */
import { useQuery } from '@tanstack/react-query';
import { readPermissions } from '#apps/console/src/api/practice.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { usePracticeId } from './practice-page.js';

export function WithdrawnConsent() {
  const practiceId = usePracticeId();
  const permissions = useQuery({
    queryKey: ['practice', practiceId, 'permissions'],
    queryFn: () => readPermissions(practiceId),
  });
  const unfiltered = (permissions.data ?? [])
    .filter(({ state }) => state === 'active')
    .filter(({ scopes }) => scopes.some(({ isWide }) => isWide))
    .map(({ integratorName }) => integratorName);
  return (
    <Section
      title="A patient withdraws consent"
      lead="The list of who withdrew is kept on the practice’s server alone. Somebody types it there, so that the patient’s number never reaches Conduit."
    >
      <CodeLine text="conduit-agent consent withdraw --patient NUMBER" what="the command" />
      <p>
        Add <code>--integrator ID</code> to withdraw from one company only.{' '}
        <code>consent list</code> shows the list, <code>consent restore</code> takes an entry off
        it. It counts at once, without a connection, and stays after a restart. A server of several
        sites needs <code>--site ID</code> too, and names them when it is left out: each site has a
        list of its own.
      </p>
      <Notice tone="warning" title="What it cannot do">
        <p>
          It refuses and filters the agreed statements and procedures that were declared on the
          server with <code>consent declare</code>, and no others: where nothing is declared,
          nothing is refused or filtered. Raw SQL can name a patient in any way and is not filtered:
          its answers may hold records of people who withdrew, and the software is told so each
          time. What software has fetched before stays with it until its maker erases it.
        </p>
        {unfiltered.length > 0 && (
          <p>Permitted to use raw SQL at this moment: {[...new Set(unfiltered)].join(', ')}.</p>
        )}
        <p>
          To be sure: <code>consent undeclared refuse</code> on the server, or end the permission
          for raw SQL.
        </p>
      </Notice>
    </Section>
  );
}
