/** What narrows the fleet, and one's own saved ways to look at it. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { agentStates, type AgentState, type FleetFilter } from '#libs/console-api/operator.js';
import { readViews, removeView, saveView } from '#apps/console/src/api/operator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { stateWords } from './agent-words.js';

const TYPING_MS = 250;
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
      <div className="operator-filters">
        <Search
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

/** Asks once the typing rests. */
function Search({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  // A saved view was chosen, or what was typed has been asked.
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextField
      label="Search"
      hint="A practice, a site, an id or a version"
      value={text}
      onChange={setText}
      maxLength={100}
    />
  );
}

function Views({ filter, onChoose }: { filter: FleetFilter; onChoose: (to: FleetFilter) => void }) {
  const queries = useQueryClient();
  const { data: views = [] } = useQuery({ queryKey: VIEWS, queryFn: readViews });
  const [isSaving, setSaving] = useState(false);
  const current = views.find((view) => isSame(view.filter, filter));
  const refresh = () => queries.invalidateQueries({ queryKey: VIEWS });
  const forget = async (viewId: string) => {
    await removeView(viewId);
    await refresh();
    onChoose({});
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
          <Button onPress={() => void forget(current.viewId)}>Forget this view</Button>
        ) : (
          <Button onPress={() => setSaving(true)}>Save this view</Button>
        )}
      </div>
      {isSaving && (
        <SaveView
          filter={filter}
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

function SaveView(props: { filter: FleetFilter; onDone: () => void; onClose: () => void }) {
  const { filter, onDone, onClose } = props;
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const save = () => saveView({ name: name.trim(), filter }).then(onDone, setFailure);
  return (
    <Dialog title="Save this view" isOpen onClose={onClose}>
      <TextField
        label="Name"
        hint="Only you see it. A name that you have already is replaced."
        value={name}
        onChange={setName}
        maxLength={60}
        autoFocus
      />
      {failure !== undefined && <ProblemNotice error={failure} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button look="main" isDisabled={name.trim() === ''} onPress={() => void save()}>
          Save view
        </Button>
      </DialogActions>
    </Dialog>
  );
}
