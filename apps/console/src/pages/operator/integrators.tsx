/** Software vendors: who is here, and admitting another. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { IntegratorLine } from '#libs/console-api/operator.js';
import { purposeText, purposeTexts } from '#libs/grants/purpose-words.js';
import {
  inviteAdmin,
  readIntegrators,
  registerIntegrator,
} from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { countryName, spacedAbn } from '#apps/console/src/ui/declared-words.js';
import { actsColumn, type Column } from '#apps/console/src/ui/table.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { InviteFirst } from './invite-first.js';
import { OperatorPage, useHolds } from './operator-page.js';
import { SearchedTable } from './searched-table.js';

export default function Integrators() {
  const isOfficer = useHolds('operator-security');
  const [asked, setAsked] = useState<'register' | IntegratorLine>();
  const close = () => setAsked(undefined);
  return (
    <OperatorPage
      wide
      title="Integrators"
      lead="Software vendors. Being here permits them nothing: each practice decides for itself."
      actions={
        isOfficer && (
          <Button look="main" onPress={() => setAsked('register')}>
            Register an integrator
          </Button>
        )
      }
    >
      <SearchedTable
        caption="Integrators"
        one="integrator"
        many="integrators"
        columns={columns(isOfficer ? setAsked : undefined)}
        rowKey={({ integratorId }) => integratorId}
        read={readPage}
      >
        A security officer registers one and invites its first administrator.
      </SearchedTable>
      {asked === 'register' && <Register onClose={close} />}
      {asked !== undefined && asked !== 'register' && (
        <InviteFirst
          title={`Invite the first administrator of ${asked.name}`}
          role="integrator-admin"
          whose={{ integratorId: asked.integratorId }}
          invite={(order) => inviteAdmin(asked.integratorId, order)}
          onClose={close}
        />
      )}
    </OperatorPage>
  );
}

async function readPage(search: string, page: number) {
  const { integrators: rows, ...found } = await readIntegrators(search, page);
  return { rows, ...found };
}

function Register({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [abn, setAbn] = useState('');
  const [contactEmail, setContactEmail] = useState('');
  const [purposes, setPurposes] = useState<string[]>(['TREAT']);
  const [countries, setCountries] = useState('AU');
  const order = {
    name: name.trim(),
    ...(abn.trim() !== '' && { abn: abn.replaceAll(/\s/g, '') }),
    ...(contactEmail.trim() !== '' && { contactEmail: contactEmail.trim() }),
    purposes,
    countries: countries
      .toUpperCase()
      .split(/[\s,;]+/)
      .filter((code) => code !== ''),
  };
  return (
    <StepUpDialog
      title="Register an integrator"
      deed="Register"
      action={{ type: 'integrator.register', ...order }}
      act={(stepUp) => registerIntegrator({ ...order, stepUp })}
      onDone={() => {
        toast('Registered');
        void queries.invalidateQueries({ queryKey: ['operator', 'integrators'] });
        onClose();
      }}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={200} />
      <TextField label="ABN" hint="11 digits" value={abn} onChange={setAbn} maxLength={20} />
      <TextField
        label="Contact of the company"
        type="email"
        value={contactEmail}
        onChange={setContactEmail}
      />
      <CheckboxGroup
        label="What it may ask practices for"
        choices={Object.entries(purposeTexts).map(([value, label]) => ({ value, label }))}
        value={purposes}
        onChange={setPurposes}
      />
      <TextField
        label="Countries where it keeps data"
        hint="Two letters each, e.g. AU, NZ"
        value={countries}
        onChange={setCountries}
      />
    </StepUpDialog>
  );
}

function columns(onInvite: ((line: IntegratorLine) => void) | undefined): Column<IntegratorLine>[] {
  const acts: Column<IntegratorLine> = {
    ...actsColumn,
    cell: (line) =>
      line.hasAdmin ? null : (
        <Button
          aria-label={`Invite the first administrator of ${line.name}`}
          onPress={() => onInvite?.(line)}
        >
          Invite
        </Button>
      ),
  };
  return [
    {
      key: 'name',
      label: 'Integrator',
      cell: ({ name, abn }) => (
        <span className="two-lines">
          <strong>{name}</strong>
          {abn !== undefined && <span className="quiet">ABN {spacedAbn(abn)}</span>}
        </span>
      ),
    },
    {
      key: 'declared',
      label: 'Declares',
      cell: ({ purposes, countries }) => (
        <span className="two-lines">
          <span>{purposes.map(purposeText).join('; ')}</span>
          <span className="quiet">Data in {countries.map(countryName).join(', ')}</span>
        </span>
      ),
    },
    { key: 'keys', label: 'Live keys', isNumber: true, cell: ({ liveKeys }) => liveKeys },
    { key: 'sites', label: 'Sites', isNumber: true, cell: ({ sites }) => sites },
    {
      key: 'admin',
      label: 'Administrator',
      cell: ({ hasAdmin }) =>
        hasAdmin ? <Badge tone="good">Signed up</Badge> : <Badge tone="warning">Not yet</Badge>,
    },
    ...(onInvite ? [acts] : []),
  ];
}
