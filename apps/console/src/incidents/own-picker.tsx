/** Adds what is searched by name, or ids, to a scope: the operator's choices, or a practice's own. */
import { use, useState } from 'react';
import type { IncidentScope } from '#libs/console-api/incidents.js';
import { scopeListWords, type ScopeList } from '#libs/console-api/incident-words.js';
import type { IncidentPlace } from '#apps/console/src/api/incidents.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { Chosen, IncidentChoices, type Choice } from './incident-choices.js';
import { withId } from './scope-fields.js';

export interface OwnPickerProps {
  place: IncidentPlace;
  scope: IncidentScope;
  onChange: (scope: IncidentScope, names?: Record<string, string>) => void;
}

export function OwnPicker({ place, scope, onChange }: OwnPickerProps) {
  const lists = use(IncidentChoices);
  const offered = Object.keys(lists) as ScopeList[];
  const [list, setList] = useState<ScopeList>(offered[0] ?? 'sites');
  const add = ({ id, name }: Choice) =>
    onChange(withId(scope, list, id), name === undefined ? {} : { [id]: name });
  const read = lists[list];
  return (
    <div className="stack" role="group" aria-label="Choose what to look at">
      <Select
        label="Look only at certain"
        options={offered.map((value) => ({ value, label: scopeListWords[value] }))}
        value={list}
        onChange={(value) => setList(value as ScopeList)}
      />
      {read === 'by-id' ? (
        <ById key={list} label={`Id, of ${scopeListWords[list]}`} onAdd={add} />
      ) : (
        read && <Chosen key={`${place.api} ${list}`} list={list} read={read} onAdd={add} />
      )}
    </div>
  );
}

function ById({ label, onAdd }: { label: string; onAdd: (choice: Choice) => void }) {
  const [id, setId] = useState('');
  const add = () => {
    onAdd({ id: id.trim() });
    setId('');
  };
  return (
    <div className="fields">
      <TextField label={label} isCode value={id} onChange={setId} maxLength={64} />
      <Button isDisabled={id.trim() === ''} onPress={add}>
        Add
      </Button>
    </div>
  );
}
