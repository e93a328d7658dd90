/** Which records an incident is about: a time, and lists of ids that are chosen by name. */
import { use, type ReactNode } from 'react';
import { momentThereMs, wallThere } from '#libs/kernel/local-day.js';
import type { IncidentScope } from '#libs/console-api/incidents.js';
import { scopeLists, scopeListWords, type ScopeList } from '#libs/console-api/incident-words.js';
import { Button } from '#apps/console/src/ui/button.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

export interface ScopeFieldsProps {
  scope: IncidentScope;
  onChange: (scope: IncidentScope) => void;
  /** What ids stand for. */
  names: Readonly<Record<string, string>>;
  /** Where ids are added to the lists. */
  children: ReactNode;
}

export function ScopeFields({ scope, onChange, names, children }: ScopeFieldsProps) {
  const remove = (list: ScopeList, id: string) =>
    onChange({ ...scope, [list]: scope[list].filter((one) => one !== id) });
  const isAll = scopeLists.every((list) => scope[list].length === 0);
  return (
    <>
      <div className="fields">
        <MomentField
          label="From"
          value={scope.from}
          onChange={(from) => onChange({ ...scope, from })}
        />
        <MomentField label="To" value={scope.to} onChange={(to) => onChange({ ...scope, to })} />
      </div>
      {isAll && <p className="quiet">Nothing is chosen: everything of that time is looked at.</p>}
      {scopeLists
        .filter((list) => scope[list].length > 0)
        .map((list) => (
          <div key={list} role="group" aria-label={scopeListWords[list]}>
            <p>
              <strong>{scopeListWords[list]}</strong>
            </p>
            <ul className="plain-list">
              {scope[list].map((id) => (
                <li key={id} className="spread">
                  <span>{names[id] ?? id}</span>
                  <Button
                    look="quiet"
                    aria-label={`Leave out ${names[id] ?? id}`}
                    onPress={() => remove(list, id)}
                  >
                    Leave out
                  </Button>
                </li>
              ))}
            </ul>
          </div>
        ))}
      {children}
    </>
  );
}

/** Adds an id once. */
export const withId = (scope: IncidentScope, list: ScopeList, id: string): IncidentScope => ({
  ...scope,
  [list]: [...scope[list].filter((one) => one !== id), id],
});

export interface MomentFieldProps {
  label: string;
  hint?: string;
  /** ISO 8601; '' where nothing readable is typed. */
  value: string;
  onChange: (moment: string) => void;
}

/** A date and time by the clock of the page's zone. */
export function MomentField({ value, onChange, ...field }: MomentFieldProps) {
  const timeZone = use(ZoneContext);
  const change = (wall: string) => {
    const ms = momentThereMs(wall, timeZone);
    onChange(ms === undefined ? '' : new Date(ms).toISOString());
  };
  return (
    <TextField
      {...field}
      type="datetime-local"
      value={value === '' ? '' : wallThere(Date.parse(value), timeZone)}
      onChange={change}
    />
  );
}
