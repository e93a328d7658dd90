/** What each integrator did since midnight, in counts and classes: nothing exact is recorded anywhere. */
import { useQuery } from '@tanstack/react-query';
import type { IntegratorToday } from '#libs/console-api/practice.js';
import { readToday } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { durationWords, sizeWords } from '#apps/console/src/ui/bucket-words.js';
import { Counts } from './integrator-panel.js';
import { PracticePage, usePracticeId } from './practice-page.js';

const REFRESH_MS = 10_000;

export default function Today() {
  const practiceId = usePracticeId();
  const today = useQuery({
    queryKey: ['practice', practiceId, 'today'],
    queryFn: () => readToday(practiceId),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  return (
    <PracticePage
      title="Today"
      lead={
        today.data && (
          <>
            What connected software did since <DateTime value={today.data.since} />. Sizes and times
            are kept roughly, not exactly.
          </>
        )
      }
    >
      {today.isPending && <Loading />}
      {today.isError && !today.data && <ProblemNotice error={today.error} />}
      {today.data?.integrators.length === 0 && (
        <Empty title="Nothing is connected yet">
          Once software has access, you see here how much it uses it.
        </Empty>
      )}
      {today.data && today.data.integrators.length > 0 && (
        <ul className="panels">
          {today.data.integrators.map((one) => (
            <li key={one.integratorId} className="panel">
              <h2>{one.name}</h2>
              <Counts today={one} />
              <Facts facts={factsOf(one)} />
            </li>
          ))}
        </ul>
      )}
    </PracticePage>
  );
}

const kinds: Record<string, string> = {
  immediate: 'answered at once',
  async: 'run when there was room',
  registered: 'run by a timetable',
};

interface Counted {
  count: number;
}

const listed = <One extends Counted>(list: readonly One[], words: (one: One) => string): string =>
  list.map((one) => `${one.count.toLocaleString('en-AU')} ${words(one)}`).join('; ');

function factsOf({ kinds: lanes, purposes, durations, sizes, registered }: IntegratorToday) {
  return [
    ...(purposes.length > 0 ? [{ label: 'Permitted for', value: purposes.join('; ') }] : []),
    ...(lanes.length > 0
      ? [{ label: 'Kinds', value: listed(lanes, ({ kind }) => kinds[kind] ?? kind) }]
      : []),
    ...(durations.length > 0
      ? [{ label: 'How long', value: listed(durations, ({ bucket }) => durationWords(bucket)) }]
      : []),
    ...(sizes.length > 0
      ? [{ label: 'How much', value: listed(sizes, ({ bucket }) => sizeWords(bucket)) }]
      : []),
    ...(registered > 0
      ? [{ label: 'By a timetable', value: `${registered} standing queries on the server` }]
      : []),
  ];
}
