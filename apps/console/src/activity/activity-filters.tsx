import type { ActivityFilter, ActivityKind, ActivityOutcome } from '#libs/console-api/activity.js';
import { purposeTexts } from '#libs/grants/purpose-words.js';
import { dateThere, startOfDateMs } from '#libs/kernel/local-day.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const ALL = 'all';

const kindWords: Record<ActivityKind, string> = {
  records: 'Work with records',
  permission: 'Decisions about access',
  server: 'Servers of practices',
  keys: 'Keys, webhooks and statements',
  people: 'People and settings',
};
export const outcomeWords: Record<ActivityOutcome, string> = {
  successful: 'Done',
  refused: 'Refused',
  failed: 'Failed',
  cancelled: 'Cancelled',
  lost: 'Connection lost',
};

const optionsOf = (words: Record<string, string>) => [
  { value: ALL, label: 'All' },
  ...Object.entries(words).map(([value, label]) => ({ value, label })),
];

/** What can be chosen; a filter without choices is not shown. */
export interface FilterChoices {
  kinds: readonly ActivityKind[];
  integrators?: readonly { integratorId: string; name: string }[];
  /** Absent: acts that have to do with no site and no permission. */
  sites?: readonly { siteId: string; name: string }[];
}

export interface ActivityFiltersProps extends FilterChoices {
  /** The days of a calendar there are meant, whatever this computer's clock is set to. */
  timeZone: string;
  filter: ActivityFilter;
  onChange: (filter: ActivityFilter) => void;
}

export function ActivityFilters(props: ActivityFiltersProps) {
  const { timeZone, kinds, integrators, sites, filter, onChange } = props;
  const set = (field: keyof ActivityFilter, value: string | undefined) => {
    const { [field]: _, ...others } = filter;
    onChange(value === undefined || value === ALL ? others : { ...others, [field]: value });
  };
  const choice = (label: string, field: keyof ActivityFilter, words: Record<string, string>) => (
    <Select
      label={label}
      options={optionsOf(words)}
      value={filter[field] ?? ALL}
      onChange={(value) => set(field, value)}
    />
  );
  return (
    <div className="fields">
      {choice('What', 'kind', Object.fromEntries(kinds.map((kind) => [kind, kindWords[kind]])))}
      {integrators &&
        choice(
          'Software',
          'integratorId',
          Object.fromEntries(integrators.map((one) => [one.integratorId, one.name])),
        )}
      {sites &&
        sites.length > 1 &&
        choice('Site', 'siteId', Object.fromEntries(sites.map((one) => [one.siteId, one.name])))}
      {sites && choice('Purpose', 'purpose', purposeTexts)}
      {sites && choice('Outcome', 'outcome', outcomeWords)}
      <TextField
        label="From"
        type="date"
        value={dayOf(filter.from, timeZone)}
        onChange={(day) => set('from', startOf(day, timeZone))}
      />
      <TextField
        label="To"
        type="date"
        value={dayOf(filter.to, timeZone, true)}
        onChange={(day) => set('to', startOf(day, timeZone, 1))}
      />
    </div>
  );
}

/** A day of the practice's calendar as the moment at which it, or one after it, begins. */
function startOf(day: string, timeZone: string, later = 0): string | undefined {
  const ms = startOfDateMs(day, timeZone, later);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** @param isEnd the moment is the end of the day that is meant: the beginning of the next */
function dayOf(moment: string | undefined, timeZone: string, isEnd = false): string {
  return moment === undefined ? '' : dateThere(Date.parse(moment) - (isEnd ? 1_000 : 0), timeZone);
}
