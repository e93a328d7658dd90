/** How the incident stands: its clock, what is done and what comes next, where it looks, and what was done. */
import { useState } from 'react';
import type { Incident, IncidentScope } from '#libs/console-api/incidents.js';
import { MOST_INCIDENT_NOTE_CHARACTERS } from '#libs/console-api/incidents.js';
import {
  myHealthRecordWords,
  noticedWords,
  scopeLines,
  timelineEntryWords,
} from '#libs/console-api/incident-words.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { IncidentClock, StateBadge } from './incident-clock.js';
import { IncidentSteps } from './incident-steps.js';
import { ScopeFields } from './scope-fields.js';
import { OwnPicker } from './own-picker.js';
import type { IncidentPartProps } from './use-incident.js';

export function OverviewPart(props: IncidentPartProps) {
  const { incident } = props;
  return (
    <>
      <Facts
        facts={[
          { label: 'State', value: <StateBadge state={incident.state} /> },
          { label: 'Assessment until', value: <IncidentClock {...incident} /> },
          { label: 'First suspected', value: <DateTime value={incident.awareAt} /> },
          { label: 'How it was noticed', value: noticedWords[incident.noticed] },
          {
            label: 'My Health Record',
            value: `Data involved: ${myHealthRecordWords[incident.myHealthRecord].toLowerCase()}`,
          },
        ]}
      />
      <IncidentSteps {...props} />
      <Where {...props} />
      <WhatWasDone {...props} />
    </>
  );
}

function Where(props: IncidentPartProps) {
  const { incident } = props;
  const { scope, names, mayChange, state } = incident;
  const [isChanging, setChanging] = useState(false);
  return (
    <Section title="Where it looks">
      <Facts
        facts={[
          { label: 'From', value: <DateTime value={scope.from} /> },
          { label: 'To', value: <DateTime value={scope.to} /> },
          ...scopeLines(scope, names).map(({ label, text }) => ({ label, value: text })),
        ]}
      />
      {mayChange && state !== 'closed' && !incident.drill && (
        <p>
          <Button onPress={() => setChanging(true)}>Change</Button>
        </p>
      )}
      {isChanging && <ScopeDialog {...props} onClose={() => setChanging(false)} />}
    </Section>
  );
}

function ScopeDialog(props: IncidentPartProps & { onClose: () => void }) {
  const { place, incident, calls, onChanged, onClose } = props;
  const [scope, setScope] = useState<IncidentScope>(incident.scope);
  const [names, setNames] = useState(incident.names);
  return (
    <FormDialog
      title="Where to look"
      deed="Save"
      isDisabled={scope.from === '' || scope.to === ''}
      act={() => calls.changeScope({ scope })}
      onDone={() => {
        void onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      <p>Evidence that was gathered stays as it is. Gather it again after a change.</p>
      <ScopeFields scope={scope} onChange={setScope} names={names}>
        <OwnPicker
          place={place}
          scope={scope}
          onChange={(changed, more = {}) => {
            setScope(changed);
            setNames({ ...names, ...more });
          }}
        />
      </ScopeFields>
    </FormDialog>
  );
}

function WhatWasDone(props: IncidentPartProps) {
  const { incident } = props;
  const [isNoting, setNoting] = useState(false);
  return (
    <Section title="What was done">
      <Timeline incident={incident} />
      {incident.mayChange && incident.state !== 'closed' && (
        <p>
          <Button onPress={() => setNoting(true)}>Add a note</Button>
        </p>
      )}
      {isNoting && <NoteDialog {...props} onClose={() => setNoting(false)} />}
    </Section>
  );
}

function Timeline({ incident }: { incident: Incident }) {
  return (
    <ol className="events">
      {incident.timeline.map((entry, index) => (
        <li key={index}>
          <span className="quiet">
            <DateTime value={entry.at} />
          </span>
          <div>
            <p>
              {timelineEntryWords(entry, incident)}
              {entry.byName !== undefined && <span className="quiet"> by {entry.byName}</span>}
            </p>
            {entry.note !== undefined && <p className="as-written">{entry.note}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}

function NoteDialog({ calls, onChanged, onClose }: IncidentPartProps & { onClose: () => void }) {
  const [text, setText] = useState('');
  return (
    <FormDialog
      title="Add a note"
      deed="Add"
      isDisabled={text.trim() === ''}
      act={() => calls.note(text.trim())}
      onDone={() => {
        void onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      <TextField
        label="What was done or found"
        hint="Name no patient, and nothing about anybody’s health. A note stays as it is written."
        rows={5}
        value={text}
        onChange={setText}
        maxLength={MOST_INCIDENT_NOTE_CHARACTERS}
      />
    </FormDialog>
  );
}
