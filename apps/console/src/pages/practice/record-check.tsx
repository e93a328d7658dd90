/** Whether the broker's records and the server's own agree, and having them compared. */
import type { Reconciliation } from '#libs/console-api/reconciliation.js';
import { compareRecords, readReconciliations } from '#apps/console/src/api/practice.js';
import { resultWords } from '#apps/console/src/reconciliation/comparison-words.js';
import { RecordDifferences } from '#apps/console/src/reconciliation/record-differences.js';
import { useComparison } from '#apps/console/src/reconciliation/use-comparison.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { useIs } from './practice-page.js';

export function RecordCheck({ practiceId }: { practiceId: string }) {
  const isOwner = useIs('practice-owner');
  const comparison = useComparison({
    queryKey: ['practice', practiceId, 'reconciliations'],
    read: () => readReconciliations(practiceId),
    compare: () => compareRecords(practiceId),
  });
  const { runs, incidents, isUnderWay, isBeginning, error, begin } = comparison;
  const openAt = (id: string) => `/practices/${practiceId}/incidents/new?records=${id}`;
  return (
    <section className="stack" aria-labelledby="record-check">
      <h2 id="record-check">Do both sides tell the same?</h2>
      <p className="quiet">
        Your server keeps a record of its own of all that ran there. Every night it is compared with
        Conduit’s. On the server, <code>conduit-agent audit reconcile</code> does the same: there
        your server itself asks for Conduit’s records and believes only what their log proves.
      </p>
      <div role="status">
        {isUnderWay ? <p>The records are being compared…</p> : <Latest runs={runs} />}
      </div>
      <RecordDifferences incidents={incidents} {...(isOwner && { openAt })} />
      <p>
        <Button isPending={isBeginning || isUnderWay} onPress={begin}>
          Compare now
        </Button>
      </p>
      {error && <ProblemNotice error={error} />}
    </section>
  );
}

function Latest({ runs: [latest] }: { runs: readonly Reconciliation[] }) {
  if (!latest) return <p className="quiet">Not compared yet.</p>;
  return (
    <p>
      Compared <DateTime value={latest.endedAt ?? latest.askedAt} />: {resultWords(latest)}
    </p>
  );
}
