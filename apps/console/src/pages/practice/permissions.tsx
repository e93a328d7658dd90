/** Every permission that was ever signed here, also those that have ended: for whoever looks back. */
import { useQuery } from '@tanstack/react-query';
import type { PermissionSummary } from '#libs/console-api/practice.js';
import { readPermissions } from '#apps/console/src/api/practice.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { StateBadge } from './permission-state.js';
import { PracticePage, usePracticeId } from './practice-page.js';

export default function Permissions() {
  const practiceId = usePracticeId();
  const permissions = useQuery({
    queryKey: ['practice', practiceId, 'permissions'],
    queryFn: () => readPermissions(practiceId),
  });
  return (
    <PracticePage
      title="Permissions"
      lead="What software may do here, and what it could do until it ended."
    >
      {permissions.isPending && <Loading />}
      {permissions.isError && !permissions.data && <ProblemNotice error={permissions.error} />}
      {permissions.data && (
        <Table
          caption="Permissions, newest first"
          columns={columns(practiceId)}
          rows={permissions.data}
          rowKey={({ grantId, seq }) => `${grantId} ${seq}`}
          empty={
            <Empty title="Nothing was ever permitted">
              Once you approve a request, its permission stands here, also after it has ended.
            </Empty>
          }
        />
      )}
    </PracticePage>
  );
}

const columns = (practiceId: string): Column<PermissionSummary>[] => [
  {
    key: 'who',
    label: 'Software',
    cell: ({ integratorName }) => <strong>{integratorName}</strong>,
  },
  {
    key: 'where',
    label: 'Where',
    cell: ({ sites }) => sites.map(({ name }) => name).join(', '),
  },
  { key: 'state', label: 'State', cell: ({ state }) => <StateBadge state={state} /> },
  {
    key: 'until',
    label: 'Until',
    cell: ({ expires }) => <DateTime value={expires} precision="day" />,
  },
  {
    ...actsColumn,
    cell: ({ grantId, integratorName }) => (
      <ButtonLink
        to={`/practices/${practiceId}/access/${grantId}`}
        aria-label={`Look: ${integratorName}`}
      >
        Look
      </ButtonLink>
    ),
  },
];
