import { useQuery } from '@tanstack/react-query';
import type { AccessRequestSummary } from '#libs/console-api/practice.js';
import { readRequests } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { declineWords } from './decline-words.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';

const REFRESH_MS = 5_000;

export default function Requests() {
  const practiceId = usePracticeId();
  const mayConnect = useIs('practice-owner', 'practice-manager');
  const requests = useQuery({
    queryKey: ['practice', practiceId, 'requests'],
    queryFn: () => readRequests(practiceId),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  const open = requests.data?.filter(({ state }) => state === 'pending') ?? [];
  const decided = requests.data?.filter(({ state }) => state !== 'pending') ?? [];
  return (
    <PracticePage
      title="Requests"
      lead="Software that asks to work with your practice. Until you decide, nothing changes."
    >
      {requests.isPending && <Loading />}
      {requests.isError && !requests.data && <ProblemNotice error={requests.error} />}
      {requests.data && (
        <Table
          caption="Requests that wait"
          columns={openColumns(practiceId)}
          rows={open}
          rowKey={({ accessRequestId }) => accessRequestId}
          empty={
            <Empty
              title="No request waits"
              action={
                mayConnect && (
                  <ButtonLink look="main" to={`/practices/${practiceId}/connect`}>
                    Connect software
                  </ButtonLink>
                )
              }
            >
              A request shows up here when software uses a pairing code that you made.
            </Empty>
          }
        />
      )}
      {decided.length > 0 && (
        <Section title="Decided">
          <Table
            caption="Requests that were decided"
            columns={decidedColumns}
            rows={decided}
            rowKey={({ accessRequestId }) => accessRequestId}
          />
        </Section>
      )}
    </PracticePage>
  );
}

const who: Column<AccessRequestSummary> = {
  key: 'who',
  label: 'Who asks',
  cell: ({ integratorName }) => <strong>{integratorName}</strong>,
};
const where: Column<AccessRequestSummary> = {
  key: 'where',
  label: 'Where',
  cell: ({ siteName }) => siteName,
};

const openColumns = (practiceId: string): Column<AccessRequestSummary>[] => [
  who,
  where,
  {
    key: 'what',
    label: 'What',
    cell: ({ isMore }) => (isMore ? 'More than it has' : 'First access'),
  },
  { key: 'asked', label: 'Asked', cell: ({ createdAt }) => <DateTime value={createdAt} /> },
  {
    ...actsColumn,
    cell: ({ accessRequestId, integratorName }) => (
      <ButtonLink
        look="main"
        to={`/practices/${practiceId}/requests/${accessRequestId}`}
        aria-label={`Look and decide: ${integratorName}`}
      >
        Look and decide
      </ButtonLink>
    ),
  },
];

const decidedColumns: Column<AccessRequestSummary>[] = [
  who,
  where,
  {
    key: 'decision',
    label: 'Decision',
    cell: ({ state, declineReason }) =>
      state === 'approved' ? (
        <Badge tone="good">Approved</Badge>
      ) : (
        <span className="cluster">
          <Badge>Declined</Badge>
          {declineReason !== undefined && declineWords[declineReason]}
        </span>
      ),
  },
  {
    key: 'decided',
    label: 'When',
    cell: ({ decidedAt }) => (decidedAt === undefined ? '' : <DateTime value={decidedAt} />),
  },
];
