/** One record as it is proven: its line, whether it is in the log, who has seen that, and the file to keep. */
import { useQuery, type UseQueryOptions } from '@tanstack/react-query';
import type { ShownProof } from '#libs/console-api/proofs.js';
import { extentWords, outcomeTones } from '#apps/console/src/activity/activity-list.js';
import { outcomeWords } from '#apps/console/src/activity/activity-filters.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { saveFile } from '#apps/console/src/ui/save-file.js';
import { HowToCheck } from './how-to-check.js';

/** How often, and how many times at most, is looked again: for a record on its way, or for witnesses. */
const PENDING_MS = 2_000;
const UNSEEN_MS = 5_000;
const MOST_AGAIN = 30;

/** Asks again by itself while the record is on its way into the log, or nobody has seen it there. */
export function useProof(key: readonly string[], read: () => Promise<ShownProof>) {
  const options: UseQueryOptions<ShownProof> = {
    queryKey: ['proof', ...key],
    queryFn: read,
    refetchInterval: ({ state: { data, error, dataUpdateCount, errorUpdateCount } }) => {
      if (dataUpdateCount + errorUpdateCount > MOST_AGAIN) return false;
      if (isPending(error)) return PENDING_MS;
      return data?.witnesses.length === 0 && UNSEEN_MS;
    },
  };
  return useQuery(options);
}

const isPending = (error: unknown): boolean =>
  error !== null && toProblem(error).code === 'RECEIPT_PENDING';

export function ProofView({ proof }: { proof: ReturnType<typeof useProof> }) {
  if (!proof.data && isPending(proof.error)) {
    return (
      <Notice
        title="Not in the log yet"
        action={
          <Button isPending={proof.isFetching} onPress={() => void proof.refetch()}>
            Look again
          </Button>
        }
      >
        <p>
          The query has not ended, or its record is on its way: that takes about a second once it
          has. This page looks again by itself.
        </p>
        <Loading />
      </Notice>
    );
  }
  return <Asked query={proof}>{(shown) => <Shown shown={shown} />}</Asked>;
}

function Shown({ shown }: { shown: ShownProof }) {
  const { entry, index, witnesses } = shown;
  const fileName = `conduit-proof-${index}.json`;
  const save = () =>
    saveFile(fileName, new Blob([shown.exported], { type: 'application/json;charset=utf-8' }));
  return (
    <>
      <p className="page__lead">{entry.words}</p>
      <Facts
        facts={[
          { label: 'When', value: <DateTime value={entry.at} precision="second" /> },
          { label: 'By', value: entry.who ?? entry.integratorName ?? 'Conduit itself' },
          ...(entry.outcome === undefined
            ? []
            : [
                {
                  label: 'Outcome',
                  value: (
                    <Badge tone={outcomeTones[entry.outcome]}>{outcomeWords[entry.outcome]}</Badge>
                  ),
                },
              ]),
          ...(extentWords(entry) === '' ? [] : [{ label: 'Extent', value: extentWords(entry) }]),
          { label: 'In the log', value: <InTheLog shown={shown} /> },
          { label: 'Witnesses', value: <Witnesses shown={shown} /> },
        ]}
      />
      <div className="cluster">
        <Button look="main" onPress={save}>
          Download proof
        </Button>
      </div>
      <HowToCheck fileName={fileName} verifierKey={shown.verifierKey} />
      <details className="more">
        <summary>The record to the letter</summary>
        <div className="stack">
          <p>
            This text is what the log holds, all of it. It has no room for anything that was read.
          </p>
          <pre tabIndex={0}>{shown.record}</pre>
          {witnesses.length > 0 && (
            <>
              <p>Who cosigned the head of the log that it is proven under:</p>
              <ul className="plain-list">
                {witnesses.map((key) => (
                  <li key={key}>
                    <code>{key.split('+')[0]}</code>
                  </li>
                ))}
              </ul>
            </>
          )}
          <p>The same proof in the form of C2SP tlog-proof, for other software:</p>
          <CodeLine text={shown.proof} what="the proof" />
        </div>
      </details>
    </>
  );
}

/** The second line of a checkpoint is how many leaves the log has. */
const sizeOf = ({ checkpoint }: ShownProof): string =>
  Number(checkpoint.split('\n')[1]).toLocaleString('en-AU');

function InTheLog({ shown }: { shown: ShownProof }) {
  return (
    <span className="cluster">
      <Badge tone="good">Yes</Badge>
      <span>
        Number {(shown.index + 1).toLocaleString('en-AU')} of {sizeOf(shown)}. It can’t be changed
        or taken out unseen.
      </span>
    </span>
  );
}

function Witnesses({ shown: { witnesses, ownWitnesses } }: { shown: ShownProof }) {
  if (witnesses.length === 0)
    return 'None has seen it yet. Servers of practices look every few seconds, and this page looks again.';
  const others = witnesses.length - (ownWitnesses ?? 0);
  const of = ownWitnesses ? 'other practices' : 'practices';
  const some = others === 1 ? `one server of ${of}` : `${others} servers of ${of}`;
  const own = ownWitnesses === 1 ? 'your own server' : `${ownWitnesses} servers of your own`;
  const who = [...(ownWitnesses ? [own] : []), ...(others > 0 ? [some] : [])].join(' and ');
  const have = witnesses.length === 1 ? 'has' : 'have';
  return `${who.charAt(0).toUpperCase()}${who.slice(1)} ${have} seen and signed that the log holds it.`;
}
