/** What was done and by whom, in sentences, newest first; filtered and paged by the broker. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ActivityEntry, ActivityFilter } from '#libs/console-api/practice.js';
import { readActivity } from '#apps/console/src/api/practice.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Pager, Table, type Column } from '#apps/console/src/ui/table.js';
import { ActivityFilters } from './activity-filters.js';
import { durationWords, rowWords, sizeWords } from './bucket-words.js';
import { ExportDialog } from './export-dialog.js';
import { RecordCheck } from './record-check.js';
import { PracticePage, useOverview, usePracticeId } from './practice-page.js';

export default function Activity() {
  const practiceId = usePracticeId();
  const overview = useOverview();
  const [filter, setFilter] = useState<ActivityFilter>({});
  /** Where each page before this one began. */
  const [befores, setBefores] = useState<(string | undefined)[]>([undefined]);
  const [isExporting, setExporting] = useState(false);
  const before = befores.at(-1);
  const page = useQuery({
    queryKey: ['practice', practiceId, 'activity', filter, before],
    queryFn: () => readActivity(practiceId, filter, before),
    placeholderData: keepPreviousData,
  });
  const next = page.data?.next;
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <PracticePage
      wide
      title="Activity"
      lead="Every act of connected software, of your people and of your server. What the records say is never written down here."
      actions={<Button onPress={() => setExporting(true)}>Export</Button>}
    >
      <ActivityFilters
        timeZone={overview.data?.timeZone ?? 'Australia/Sydney'}
        integrators={overview.data?.integrators ?? []}
        sites={overview.data?.sites ?? []}
        filter={filter}
        onChange={(changed) => {
          setBefores([undefined]);
          setFilter(changed);
        }}
      />
      {page.isPending && <Loading />}
      {page.isError && !page.data && <ProblemNotice error={page.error} />}
      {page.data && (
        <div aria-busy={page.isFetching}>
          <Table
            caption="Activity, newest first"
            columns={columns}
            rows={page.data.entries}
            rowKey={({ seq }) => seq}
            empty={
              isFiltered ? (
                <Empty
                  title="Nothing fits"
                  action={<Button onPress={() => setFilter({})}>Show everything</Button>}
                >
                  Choose fewer filters or a longer time.
                </Empty>
              ) : (
                <Empty title="Nothing has happened yet">What is done shows up here at once.</Empty>
              )
            }
          />
          <Pager
            words={`Page ${befores.length}`}
            {...(befores.length > 1 && { onPrevious: () => setBefores(befores.slice(0, -1)) })}
            {...(next !== undefined && { onNext: () => setBefores([...befores, next]) })}
          />
        </div>
      )}
      <RecordCheck practiceId={practiceId} />
      {isExporting && (
        <ExportDialog practiceId={practiceId} filter={filter} onClose={() => setExporting(false)} />
      )}
    </PracticePage>
  );
}

const outcomes = {
  successful: ['good', 'Done'],
  refused: ['warning', 'Refused'],
  failed: ['bad', 'Failed'],
  cancelled: ['plain', 'Cancelled'],
  lost: ['bad', 'Connection lost'],
} as const;

const columns: Column<ActivityEntry>[] = [
  {
    key: 'at',
    label: 'When',
    cell: ({ at }) => <DateTime value={at} precision="second" />,
  },
  { key: 'words', label: 'What', cell: ({ words }) => words },
  {
    key: 'who',
    label: 'By',
    cell: ({ who, integratorName }) => who ?? integratorName ?? 'Conduit itself',
  },
  {
    key: 'outcome',
    label: 'Outcome',
    cell: ({ outcome }) => {
      if (outcome === undefined) return '–';
      const [tone, words] = outcomes[outcome];
      return <Badge tone={tone}>{words}</Badge>;
    },
  },
  {
    key: 'extent',
    label: 'Extent',
    cell: ({ rows, duration, size }) =>
      [
        rows !== undefined && rowWords(rows),
        size !== undefined && sizeWords(size),
        duration !== undefined && durationWords(duration),
      ]
        .filter(Boolean)
        .join(', ') || '–',
  },
];
