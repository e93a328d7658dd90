/** How the broker's records of one agent were compared with the agent's own, and what did not agree. */
import { useState } from 'react';
import type { Reconciliation } from '#libs/console-api/reconciliation.js';
import { compareAgentRecords, readAgentReconciliations } from '#apps/console/src/api/operator.js';
import { resultWords } from '#apps/console/src/reconciliation/comparison-words.js';
import { RecordDifferences } from '#apps/console/src/reconciliation/record-differences.js';
import { useComparison } from '#apps/console/src/reconciliation/use-comparison.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';

const SHOWN_RUNS = 7;

const columns: Column<Reconciliation>[] = [
  { key: 'at', label: 'Compared', cell: ({ askedAt }) => <DateTime value={askedAt} /> },
  {
    key: 'window',
    label: 'Records of',
    cell: ({ from, to }) => (
      <>
        <DateTime value={from} /> to <DateTime value={to} />
      </>
    ),
  },
  { key: 'by', label: 'Asked by', cell: ({ byNight }) => (byNight ? 'The night' : 'Somebody') },
  { key: 'result', label: 'Result', cell: resultWords },
];

/** Opened by a press: that somebody looked is recorded, and told to the practice. */
export function AgentRecordsSection({ agentId }: { agentId: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section
      title="Records of both sides"
      lead="The agent keeps records of its own. Every night they are compared with the broker’s. Neither has anything that was read."
    >
      {isOpen ? (
        <Comparisons agentId={agentId} />
      ) : (
        <div className="stack">
          <p className="quiet">The practice sees in its activity that you looked.</p>
          <div>
            <Button onPress={() => setOpen(true)}>Show the comparisons</Button>
          </div>
        </div>
      )}
    </Section>
  );
}

function Comparisons({ agentId }: { agentId: string }) {
  const comparison = useComparison({
    queryKey: ['operator', 'reconciliations', agentId],
    read: () => readAgentReconciliations(agentId),
    compare: () => compareAgentRecords(agentId),
  });
  const { runs, incidents, isRead, isUnderWay, isBeginning, error, begin } = comparison;
  return (
    <div className="stack">
      <RecordDifferences
        incidents={incidents}
        openAt={(id) => `/operator/incidents/new?records=${id}`}
      />
      {isRead && (
        <Table
          caption="The last comparisons"
          columns={columns}
          rows={runs.slice(0, SHOWN_RUNS)}
          rowKey={({ reconciliationId }) => reconciliationId}
          empty={<p className="quiet">Not compared yet.</p>}
        />
      )}
      {isUnderWay && <Loading what="The records are being compared" />}
      <div>
        <Button isDisabled={isUnderWay} isPending={isBeginning} onPress={begin}>
          Compare now
        </Button>
      </div>
      {error && <ProblemNotice error={error} />}
    </div>
  );
}
