/** More than a practice permits, asked for where it permits something: it decides as it did the first time. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AskAccessRequest, AskedState, PairedSite } from '#libs/console-api/integrator.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import { askAccess, readProfile } from '#apps/console/src/api/integrator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { useIntegratorId } from './use-integrator.js';

const rawSql = [
  {
    value: 'sql:read',
    label: 'Read anything in the databases, with queries of your own',
  },
  {
    value: 'sql:write',
    label: 'Read and change anything, with commands of your own',
    hint: 'Few practices give this. Ask for procedures instead where there are some.',
  },
];

const fieldWords = {
  scopes: 'What you would like to do',
  catalogues: 'A database',
  purposes: 'A purpose',
};

interface Wish {
  scopes: string[];
  /** One name a line. */
  procedures: string;
  catalogues: string[];
  purposes: string[];
}

const nothing: Wish = { scopes: [], procedures: '', catalogues: [], purposes: [] };

function askedBy({ scopes, procedures, catalogues, purposes }: Wish): Required<AskAccessRequest> {
  const names = procedures.split(/[\n,]/).map((name) => name.trim());
  const named = names.filter((name) => name !== '').map((name) => `procedure:${name}`);
  return { scopes: [...scopes, ...named], catalogues, purposes };
}

export interface AskMoreDialogProps {
  site: PairedSite;
  onDone: (asked: AskedState) => void;
  onClose: () => void;
}

export function AskMoreDialog({ site, onDone, onClose }: AskMoreDialogProps) {
  const integratorId = useIntegratorId();
  const [wish, setWish] = useState(nothing);
  const set = (change: Partial<Wish>) => setWish({ ...wish, ...change });
  const asked = askedBy(wish);
  const has = (kind: 'catalogues' | 'purposes', one: string) =>
    [site.permission, site.waiting].some((terms) => terms?.[kind].includes(one));
  const hasScope = (one: string) =>
    [site.permission, site.waiting].some((terms) =>
      terms?.scopes.some(({ scope }) => scope === one),
    );
  const databases = site.catalogues.filter((name) => !has('catalogues', name));
  return (
    <FormDialog
      title={`Ask ${site.name} for more`}
      isAlert
      deed="Ask the practice"
      fieldWords={fieldWords}
      isDisabled={Object.values(asked).every((some: string[]) => some.length === 0)}
      act={() => askAccess(integratorId, site.siteId, asked)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        What is permitted today stays as it is until the practice has decided. Its owner sees what
        you ask for on top.
      </p>
      <CheckboxGroup
        label="You would like to"
        choices={rawSql.filter(({ value }) => !hasScope(value))}
        value={wish.scopes}
        onChange={(scopes) => set({ scopes })}
      />
      <TextField
        label="Run these procedures"
        hint="Their names, one a line, for example dbo.BookAppointment."
        value={wish.procedures}
        onChange={(procedures) => set({ procedures })}
        rows={2}
        isCode
      />
      {databases.length > 0 && (
        <CheckboxGroup
          label="In these databases too"
          choices={databases.map((name) => ({ value: name, label: name }))}
          value={wish.catalogues}
          onChange={(catalogues) => set({ catalogues })}
        />
      )}
      <Purposes
        has={(code) => has('purposes', code)}
        value={wish.purposes}
        onChange={(purposes) => set({ purposes })}
      />
      <p className="quiet">
        A single statement is asked for on the page Statements, where the practice reads its text.
      </p>
    </FormDialog>
  );
}

interface PurposesProps {
  has: (code: string) => boolean;
  value: string[];
  onChange: (purposes: string[]) => void;
}

/** Those that are declared and not permitted there. */
function Purposes({ has, value, onChange }: PurposesProps) {
  const integratorId = useIntegratorId();
  const profile = useQuery({
    queryKey: ['integrator', integratorId, 'profile'],
    queryFn: () => readProfile(integratorId),
  });
  return (
    <Asked query={profile}>
      {({ purposes }) => {
        const open = purposes.filter((code) => !has(code));
        return open.length === 0 ? (
          <p className="quiet">
            The practice permits every purpose that you declare. For another one, declare it in your
            profile first.
          </p>
        ) : (
          <CheckboxGroup
            label="For these purposes too"
            choices={open.map((code) => ({ value: code, label: purposeText(code) }))}
            value={value}
            onChange={onChange}
          />
        );
      }}
    </Asked>
  );
}
