/** Whether the broker's records and the server's own agree, and having them compared. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Reconciliation, ReconciliationIncident } from '#libs/console-api/reconciliation.js';
import { compareRecords, readReconciliations } from '#apps/console/src/api/practice.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { useIs } from './practice-page.js';

const WHILE_UNDER_WAY_MS = 3_000;

const kinds: Record<ReconciliationIncident['kind'], string> = {
  'dispatched-not-executed': 'Conduit says it was answered; the server never ran it.',
  'executed-not-dispatched': 'The server ran or refused it; Conduit has no record of it.',
  differs: 'Conduit’s record and the server’s contradict each other.',
};

const isUnderWay = ({ outcome }: Reconciliation): boolean => outcome === undefined;

export function RecordCheck({ practiceId }: { practiceId: string }) {
  const queryKey = ['practice', practiceId, 'reconciliations'];
  const queries = useQueryClient();
  const found = useQuery({
    queryKey,
    queryFn: () => readReconciliations(practiceId),
    refetchInterval: ({ state }) => state.data?.runs.some(isUnderWay) && WHILE_UNDER_WAY_MS,
  });
  const begin = useMutation({
    mutationFn: () => compareRecords(practiceId),
    onSuccess: () => queries.invalidateQueries({ queryKey }),
  });
  const runs = found.data?.runs ?? [];
  return (
    <section className="stack" aria-labelledby="record-check">
      <h2 id="record-check">Do both sides tell the same?</h2>
      <p className="quiet">
        Your server keeps a record of its own of all that ran there. Every night it is compared with
        Conduit’s. On the server, <code>conduit-agent audit reconcile</code> does the same: there
        your server itself asks for Conduit’s records and believes only what their log proves.
      </p>
      <div role="status">
        <Latest runs={runs} />
      </div>
      <Incidents practiceId={practiceId} incidents={found.data?.incidents ?? []} />
      <p>
        <Button isPending={begin.isPending || runs.some(isUnderWay)} onPress={() => begin.mutate()}>
          Compare now
        </Button>
      </p>
      {found.isError && <ProblemNotice error={found.error} />}
      {begin.isError && <ProblemNotice error={begin.error} />}
    </section>
  );
}

function Latest({ runs }: { runs: readonly Reconciliation[] }) {
  if (runs.some(isUnderWay)) return <p>The records are being compared…</p>;
  const latest = runs.find(({ outcome }) => outcome !== undefined);
  if (!latest?.outcome) return <p className="quiet">Not compared yet.</p>;
  const words = {
    agrees: `${latest.matched.toLocaleString('en-AU')} queries agree.`,
    differs: `${latest.mismatched.toLocaleString('en-AU')} do not agree.`,
    unknown: 'the server could not be asked.',
    unproven: 'the server’s own log does not prove what it did.',
    unfinished:
      'no difference was found, but there was more than could be compared; the rest has not been told.',
  }[latest.outcome];
  return (
    <p>
      Compared <DateTime value={latest.endedAt ?? latest.askedAt} />: {words}
    </p>
  );
}

interface IncidentsProps {
  practiceId: string;
  incidents: readonly ReconciliationIncident[];
}

function Incidents({ practiceId, incidents }: IncidentsProps) {
  const isOwner = useIs('practice-owner');
  if (incidents.length === 0) return null;
  return (
    <Notice tone="warning" title="Records that do not agree">
      <ul>
        {incidents.map(({ incidentId, foundAt, kind, queryId, fields, settledAt }) => (
          <li key={incidentId}>
            <DateTime value={foundAt} />: query <code>{queryId}</code>. {kinds[kind]}
            {fields.length > 0 && ` They differ in: ${fields.join(', ')}.`}
            {isOwner && (
              <>
                {' '}
                <Link to={`/practices/${practiceId}/incidents/new?records=${incidentId}`}>
                  Open an incident about it
                </Link>
              </>
            )}
            {settledAt !== undefined && ' Conduit’s security officer has looked at it.'}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
