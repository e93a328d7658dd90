/** The four things that can be done about an open request. */
import { useState } from 'react';
import {
  identityFindings,
  MOST_NOTE_CHARACTERS,
  privacyGrounds,
  privacyOutcomes,
  refusingOutcomes,
  type IdentityFinding,
  type PrivacyGround,
  type PrivacyOutcome,
  type PrivacyRequest,
} from '#libs/console-api/privacy.js';
import {
  addPrivacyNote,
  endPrivacyRequest,
  noteIdentity,
  routePrivacyRequest,
} from '#apps/console/src/api/privacy.js';
import { CheckboxGroup, RadioGroup } from '#apps/console/src/ui/choices.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { useOverview } from './practice-page.js';
import { groundWords, identityWords, outcomeWords } from './privacy-words.js';

interface PrivacyDialogProps {
  practiceId: string;
  request: PrivacyRequest;
  onDone: () => void;
  onClose: () => void;
}

export function IdentityDialog({ practiceId, request, ...rest }: PrivacyDialogProps) {
  const [finding, setFinding] = useState<string | null>(request.identity ?? null);
  return (
    <FormDialog
      title="Who asks?"
      deed="Note it"
      isDisabled={finding === null}
      act={() => noteIdentity(practiceId, request.requestId, finding as IdentityFinding)}
      {...rest}
    >
      <RadioGroup
        label="How did you check it?"
        choices={identityFindings.map((value) => ({ value, label: identityWords[value] }))}
        value={finding}
        onChange={setFinding}
      />
    </FormDialog>
  );
}

const PRACTICE = 'practice';

export function RouteDialog({ practiceId, request, onDone, onClose }: PrivacyDialogProps) {
  const [who, setWho] = useState<string>(request.routedTo?.integratorId ?? PRACTICE);
  const integrators = useOverview().data?.integrators ?? [];
  return (
    <FormDialog
      title="Who answers?"
      deed="Change"
      act={() =>
        routePrivacyRequest(practiceId, request.requestId, who === PRACTICE ? undefined : who)
      }
      onDone={({ told }) => {
        const isPassedOn = who !== PRACTICE;
        if (isPassedOn && told === 0) toast('Passed on. No mail went: tell the company yourself.');
        else toast(isPassedOn ? 'Passed on, and told by mail' : 'The practice answers');
        onDone();
      }}
      onClose={onClose}
    >
      <p>
        Pass it on when it is about what a company holds in its own software. The clock goes on, and
        the person may hold you to it. The company reads your reference and the last day; tell it
        yourself whom it is about.
      </p>
      <RadioGroup
        label="Who answers?"
        choices={[
          { value: PRACTICE, label: 'The practice' },
          ...integrators.map(({ integratorId, name }) => ({ value: integratorId, label: name })),
        ]}
        value={who}
        onChange={setWho}
      />
    </FormDialog>
  );
}

export function NoteDialog({ practiceId, request, ...rest }: PrivacyDialogProps) {
  const [text, setText] = useState('');
  return (
    <FormDialog
      title="Add a note"
      deed="Add"
      isDisabled={text.trim() === ''}
      act={() => addPrivacyNote(practiceId, request.requestId, text.trim())}
      {...rest}
    >
      <TextField
        label="What was done"
        hint="Say what was done and where its letter is kept. Do not write names, dates of birth, telephone or Medicare numbers, nothing about anybody’s health, and nothing out of the record. Numbers of six or more digits are not taken. A note stays as it is written."
        rows={5}
        value={text}
        onChange={setText}
        maxLength={MOST_NOTE_CHARACTERS}
      />
    </FormDialog>
  );
}

export function EndDialog({ practiceId, request, ...rest }: PrivacyDialogProps) {
  const { kind, requestId } = request;
  const [outcome, setOutcome] = useState<string | null>(null);
  const [grounds, setGrounds] = useState<string[]>([]);
  const needsGrounds = refusingOutcomes.includes(outcome as PrivacyOutcome);
  return (
    <FormDialog
      title="How does it end?"
      deed="End it"
      isDisabled={outcome === null || (needsGrounds && grounds.length === 0)}
      act={() =>
        endPrivacyRequest(practiceId, requestId, {
          outcome: outcome as PrivacyOutcome,
          ...(needsGrounds && { grounds: grounds as PrivacyGround[] }),
        })
      }
      {...rest}
    >
      <RadioGroup
        label="What came of it?"
        choices={privacyOutcomes[kind].map((value) => ({ value, label: outcomeWords[value] }))}
        value={outcome}
        onChange={setOutcome}
      />
      {needsGrounds && (
        <>
          <CheckboxGroup
            label="On which grounds?"
            hint="The law knows no others."
            choices={privacyGrounds[kind].map((value) => ({ value, label: groundWords[value] }))}
            value={grounds}
            onChange={setGrounds}
          />
          <p>
            Tell the person in writing: the grounds, unless that would be unreasonable, and how they
            can complain to you and to the Australian Information Commissioner.
          </p>
        </>
      )}
    </FormDialog>
  );
}
