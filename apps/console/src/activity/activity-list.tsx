/** What was done and by whom, in sentences, newest first; filtered and paged by the broker. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { use, useState } from 'react';
import { Link } from 'react-router';
import {
  destroyedWords,
  type ActivityEntry,
  type ActivityFilter,
} from '#libs/console-api/activity.js';
import { readActivity, type ActivityPlace } from '#apps/console/src/api/activity.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { durationWords, rowWords, sizeWords } from '#apps/console/src/ui/bucket-words.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime, ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { actsColumn, Pager, Table, type Column } from '#apps/console/src/ui/table.js';
import { ActivityFilters, outcomeWords, type FilterChoices } from './activity-filters.js';

export interface ActivityListProps extends FilterChoices {
  place: ActivityPlace;
  /** Whether each act's proof can be looked at, below this page. */
  hasProofs?: boolean;
  filter: ActivityFilter;
  onFilter: (filter: ActivityFilter) => void;
}

/** Times and days are those of the zone that the page says. */
export function ActivityList({
  place,
  filter,
  onFilter,
  hasProofs,
  ...choices
}: ActivityListProps) {
  const timeZone = use(ZoneContext);
  /** Where each page before this one began. */
  const [befores, setBefores] = useState<(string | undefined)[]>([undefined]);
  const before = befores.at(-1);
  const page = useQuery({
    queryKey: ['activity', place.path, filter, before],
    queryFn: () => readActivity(place, filter, before),
    placeholderData: keepPreviousData,
  });
  const change = (changed: ActivityFilter) => {
    setBefores([undefined]);
    onFilter(changed);
  };
  const next = page.data?.next;
  const onNext = next === undefined ? undefined : () => setBefores([...befores, next]);
  return (
    <>
      <ActivityFilters timeZone={timeZone} filter={filter} onChange={change} {...choices} />
      {page.isPending && <Loading />}
      {page.isError && !page.data && <ProblemNotice error={page.error} />}
      {page.data && (
        <div aria-busy={page.isFetching}>
          <Table
            caption="Activity, newest first"
            columns={hasProofs ? [...columns, proofColumn] : columns}
            rows={page.data.entries}
            rowKey={({ seq }) => seq}
            empty={
              <NothingHere
                searchedTo={page.data.searchedTo}
                isFiltered={Object.keys(filter).length > 0}
                onAll={() => change({})}
                onFurther={onNext}
              />
            }
          />
          {page.data.destroyed && <p className="quiet">{destroyedWords(page.data.destroyed)}</p>}
          <Pager
            words={`Page ${befores.length}`}
            {...(befores.length > 1 && { onPrevious: () => setBefores(befores.slice(0, -1)) })}
            {...(onNext && { onNext })}
          />
        </div>
      )}
    </>
  );
}

interface NothingHereProps {
  searchedTo: string | undefined;
  isFiltered: boolean;
  onAll: () => void;
  onFurther: (() => void) | undefined;
}

function NothingHere({ searchedTo, isFiltered, onAll, onFurther }: NothingHereProps) {
  if (searchedTo !== undefined && onFurther) {
    return (
      <Empty
        title="Nothing fits so far"
        action={<Button onPress={onFurther}>Look further back</Button>}
      >
        Searched back to <DateTime value={searchedTo} />.
      </Empty>
    );
  }
  return isFiltered ? (
    <Empty title="Nothing fits" action={<Button onPress={onAll}>Show everything</Button>}>
      Choose fewer filters or a longer time.
    </Empty>
  ) : (
    <Empty title="Nothing has happened yet">What is done shows up here at once.</Empty>
  );
}

export const outcomeTones = {
  successful: 'good',
  refused: 'warning',
  failed: 'bad',
  cancelled: 'plain',
  lost: 'bad',
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
    cell: ({ outcome }) =>
      outcome === undefined ? (
        '–'
      ) : (
        <Badge tone={outcomeTones[outcome]}>{outcomeWords[outcome]}</Badge>
      ),
  },
  {
    key: 'extent',
    label: 'Extent',
    cell: (entry) => extentWords(entry) || '–',
  },
];

/** Rows, size and duration, as far as they are known. */
export const extentWords = ({ rows, duration, size }: ActivityEntry): string =>
  [
    rows !== undefined && rowWords(rows),
    size !== undefined && sizeWords(size),
    duration !== undefined && durationWords(duration),
  ]
    .filter(Boolean)
    .join(', ');

const proofColumn: Column<ActivityEntry> = {
  ...actsColumn,
  cell: ({ seq, words }) => (
    <Link to={seq} aria-label={`Proof: ${words}`}>
      Proof
    </Link>
  ),
};
