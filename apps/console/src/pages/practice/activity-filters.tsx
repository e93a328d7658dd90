import type {
  ActivityFilter,
  ActivityKind,
  ActivityOutcome,
  ConnectedIntegrator,
  PracticeSite,
} from '#libs/console-api/practice.js';
import { purposeTexts } from '#libs/grants/purpose-words.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

const ALL = 'all';

const kinds: Record<ActivityKind, string> = {
  records: 'Work with records',
  permission: 'Decisions about access',
  server: 'Your server',
  people: 'People and settings',
};
const outcomes: Record<ActivityOutcome, string> = {
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

export interface ActivityFiltersProps {
  integrators: readonly ConnectedIntegrator[];
  sites: readonly PracticeSite[];
  filter: ActivityFilter;
  onChange: (filter: ActivityFilter) => void;
}

export function ActivityFilters({ integrators, sites, filter, onChange }: ActivityFiltersProps) {
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
      {choice('What', 'kind', kinds)}
      {choice(
        'Software',
        'integratorId',
        Object.fromEntries(integrators.map((one) => [one.integratorId, one.name])),
      )}
      {sites.length > 1 &&
        choice('Site', 'siteId', Object.fromEntries(sites.map((one) => [one.siteId, one.name])))}
      {choice('Purpose', 'purpose', purposeTexts)}
      {choice('Outcome', 'outcome', outcomes)}
      <TextField
        label="From"
        type="date"
        value={dayOf(filter.from)}
        onChange={(day) => set('from', startOf(day))}
      />
      <TextField
        label="To"
        type="date"
        value={dayOf(filter.to, 1)}
        onChange={(day) => set('to', startOf(day, 1))}
      />
    </div>
  );
}

/** A day of this computer's calendar as the moment at which it, or the one after it, begins. */
function startOf(day: string, later = 0): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

function dayOf(moment: string | undefined, earlier = 0): string {
  if (moment === undefined) return '';
  const at = new Date(moment);
  at.setDate(at.getDate() - earlier);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
