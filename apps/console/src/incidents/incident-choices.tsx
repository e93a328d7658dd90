/** What a reader can choose from, list by list: each area of the console says how its names are found. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { createContext, useState } from 'react';
import { scopeListWords, type ScopeList } from '#libs/console-api/incident-words.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { SearchField } from '#apps/console/src/ui/search-field.js';

export interface Choice {
  id: string;
  name?: string;
}

/** Those whose name has the text in it, as many as fit a page; or: an id has to be typed. */
export type ReadChoices = ((search: string) => Promise<Choice[]>) | 'by-id';

export const IncidentChoices = createContext<Partial<Record<ScopeList, ReadChoices>>>({});

const SHOWN = 8;

export interface ChosenProps {
  list: ScopeList;
  read: (search: string) => Promise<Choice[]>;
  onAdd: (choice: Choice) => void;
}

export function Chosen({ list, read, onAdd }: ChosenProps) {
  const [search, setSearch] = useState('');
  const found = useQuery({
    queryKey: ['incident-choices', list, search],
    queryFn: () => read(search),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <SearchField hint="Part of its name" value={search} onChange={setSearch} />
      <Asked query={found}>
        {(choices) =>
          choices.length === 0 ? (
            <p className="quiet">None fits.</p>
          ) : (
            <ul className="plain-list" aria-label={scopeListWords[list]}>
              {choices.slice(0, SHOWN).map((choice) => (
                <li key={choice.id} className="spread">
                  <span>{choice.name ?? choice.id}</span>
                  <Button
                    aria-label={`Add ${choice.name ?? choice.id}`}
                    onPress={() => onAdd(choice)}
                  >
                    Add
                  </Button>
                </li>
              ))}
              {choices.length > SHOWN && (
                <li className="quiet">There are more: search for a part of the name.</li>
              )}
            </ul>
          )
        }
      </Asked>
    </>
  );
}
