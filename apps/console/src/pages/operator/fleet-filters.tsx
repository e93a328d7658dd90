/** What narrows the fleet, and one's own saved ways to look at it. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  agentStates,
  type AgentState,
  type FleetFilter,
  type SavedView,
} from '#libs/console-api/operator.js';
import { readViews, removeView, saveView } from '#apps/console/src/api/operator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { NameDialog } from '#apps/console/src/ui/name-dialog.js';
import { SearchField } from '#apps/console/src/ui/search-field.js';
import { Select } from '#apps/console/src/ui/select.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { stateWords } from './agent-words.js';

const VIEWS = ['operator', 'views'];
const number = new Intl.NumberFormat('en-AU');

export interface FleetFiltersProps {
  filter: FleetFilter;
  counts: Record<AgentState, number> | undefined;
  onChange: (filter: FleetFilter) => void;
}

export function FleetFilters({ filter, counts, onChange }: FleetFiltersProps) {
  const toggle = (state: AgentState) => {
    const now = filter.states ?? [];
    const states = now.includes(state) ? now.filter((one) => one !== state) : [...now, state];
    const { states: _, ...others } = filter;
    onChange(states.length === 0 ? others : { ...others, states });
  };
  return (
    <div className="stack">
      <div className="fields">
        <SearchField
          hint="A practice, a site, an id or a version"
          value={filter.search ?? ''}
          onChange={(search) => onChange({ ...filter, search })}
        />
        <Views filter={filter} onChoose={onChange} />
      </div>
      <ul className="state-counts" aria-label="States">
        {agentStates.map((state) => (
          <li key={state}>
            <button
              type="button"
              className="state-count"
              aria-pressed={filter.states?.includes(state) ?? false}
              onClick={() => toggle(state)}
            >
              {stateWords[state]} <strong>{counts ? number.format(counts[state]) : '…'}</strong>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Views({ filter, onChoose }: { filter: FleetFilter; onChoose: (to: FleetFilter) => void }) {
  const queries = useQueryClient();
  const { data: views = [] } = useQuery({ queryKey: VIEWS, queryFn: readViews });
  const [isSaving, setSaving] = useState(false);
  const current = views.find((view) => isSame(view.filter, filter));
  const refresh = () => queries.invalidateQueries({ queryKey: VIEWS });
  const forget = async ({ viewId, name, filter: shown }: SavedView) => {
    await removeView(viewId);
    await refresh();
    onChoose({});
    toast(`“${name}” was forgotten`, () => void saveView({ name, filter: shown }).then(refresh));
  };
  return (
    <>
      {views.length > 0 && (
        <Select
          label="Saved views"
          options={views.map(({ viewId, name }) => ({ value: viewId, label: name }))}
          value={current?.viewId ?? null}
          onChange={(id) => onChoose(views.find(({ viewId }) => viewId === id)?.filter ?? {})}
        />
      )}
      <div className="cluster">
        {current ? (
          <Button onPress={() => void forget(current)}>Forget this view</Button>
        ) : (
          <Button onPress={() => setSaving(true)}>Save this view</Button>
        )}
      </div>
      {isSaving && (
        <NameDialog
          title="Save this view"
          hint="Only you see it. A name that you have already is replaced."
          maxLength={60}
          deed="Save view"
          act={(name) => saveView({ name, filter })}
          onDone={() => {
            setSaving(false);
            toast('View saved');
            void refresh();
          }}
          onClose={() => setSaving(false)}
        />
      )}
    </>
  );
}

const isSame = (one: FleetFilter, other: FleetFilter): boolean =>
  (['search', 'states', 'cause', 'sort', 'direction'] as const).every(
    (field) => String(one[field] ?? '') === String(other[field] ?? ''),
  );
