/** The privacy desk: requests of people and complaints with their clocks, and where consent is withdrawn. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import type { PrivacyRequestSummary } from '#libs/console-api/privacy.js';
import { readPrivacyRequests } from '#apps/console/src/api/privacy.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';
import { PrivacyClock } from './privacy-clock.js';
import { RegisterDialog } from './privacy-register-dialog.js';
import { dayWords, kindWords } from './privacy-words.js';
import { WithdrawnConsent } from './withdrawn-consent.js';

export default function Privacy() {
  const practiceId = usePracticeId();
  const mayAct = useIs('practice-owner', 'practice-manager');
  const navigate = useNavigate();
  const [isRegistering, setRegistering] = useState(false);
  const requests = useQuery({
    queryKey: ['practice', practiceId, 'privacy'],
    queryFn: () => readPrivacyRequests(practiceId),
  });
  const register = mayAct && (
    <Button look="main" onPress={() => setRegistering(true)}>
      Register a request
    </Button>
  );
  return (
    <PracticePage
      title="Privacy"
      lead="People who ask what is held about them, want it corrected, or complain: each within 30 days."
      actions={register}
    >
      {requests.isPending && <Loading />}
      {requests.isError && !requests.data && <ProblemNotice error={requests.error} />}
      {requests.data && (
        <Table
          caption="Open requests, those that run out first before the others"
          columns={openColumns(practiceId)}
          rows={requests.data.open}
          rowKey={({ requestId }) => requestId}
          empty={
            <Empty title="No request is open">
              When somebody asks or complains, register it here: the clock begins on the day on
              which it came, and you are reminded before it runs out.
            </Empty>
          }
        />
      )}
      {requests.data && requests.data.ended.length > 0 && (
        <Section title="Ended">
          <Table
            caption="Requests that have ended, newest first"
            columns={endedColumns(practiceId)}
            rows={requests.data.ended}
            rowKey={({ requestId }) => requestId}
          />
        </Section>
      )}
      <WithdrawnConsent />
      {isRegistering && (
        <RegisterDialog
          practiceId={practiceId}
          onDone={({ requestId }) => void navigate(`/practices/${practiceId}/privacy/${requestId}`)}
          onClose={() => setRegistering(false)}
        />
      )}
    </PracticePage>
  );
}

type Cell = Column<PrivacyRequestSummary>;

const reference: Cell = {
  key: 'reference',
  label: 'Your reference',
  cell: ({ reference: text }) => <strong>{text}</strong>,
};
const kind: Cell = { key: 'kind', label: 'What', cell: (row) => kindWords[row.kind] };
const clock: Cell = { key: 'clock', label: 'Clock', cell: (row) => <PrivacyClock {...row} /> };
const acts = (practiceId: string): Cell => ({
  ...actsColumn,
  cell: ({ requestId, reference: text }) => (
    <ButtonLink to={`/practices/${practiceId}/privacy/${requestId}`} aria-label={`Open ${text}`}>
      Open
    </ButtonLink>
  ),
});

const openColumns = (practiceId: string): Cell[] => [
  reference,
  kind,
  { key: 'received', label: 'Came', cell: ({ receivedOn }) => dayWords(receivedOn) },
  {
    key: 'who',
    label: 'Who answers',
    cell: ({ routedTo }) => routedTo?.name ?? 'The practice',
  },
  clock,
  acts(practiceId),
];

const endedColumns = (practiceId: string): Cell[] => [
  reference,
  kind,
  { ...clock, label: 'How it ended' },
  {
    key: 'ended',
    label: 'When',
    cell: ({ endedAt }) => (endedAt === undefined ? '' : <DateTime value={endedAt} />),
  },
  acts(practiceId),
];
