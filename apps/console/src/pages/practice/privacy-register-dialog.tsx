import { useState } from 'react';
import {
  MOST_REFERENCE_CHARACTERS,
  privacyKinds,
  type PrivacyKind,
  type RegisteredPrivacyRequest,
} from '#libs/console-api/privacy.js';
import { registerPrivacyRequest } from '#apps/console/src/api/privacy.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { kindHints, kindWords } from './privacy-words.js';

export interface RegisterDialogProps {
  practiceId: string;
  onDone: (made: RegisteredPrivacyRequest) => void;
  onClose: () => void;
}

export function RegisterDialog({ practiceId, onDone, onClose }: RegisterDialogProps) {
  const [kind, setKind] = useState<string | null>(null);
  const [reference, setReference] = useState('');
  const [receivedOn, setReceivedOn] = useState('');
  return (
    <FormDialog
      title="Register a request"
      deed="Register"
      isDisabled={kind === null || reference === '' || receivedOn === ''}
      act={() =>
        registerPrivacyRequest(practiceId, { kind: kind as PrivacyKind, reference, receivedOn })
      }
      onDone={onDone}
      onClose={onClose}
    >
      <RadioGroup
        label="What is it?"
        choices={privacyKinds.map((value) => ({
          value,
          label: kindWords[value],
          hint: kindHints[value],
        }))}
        value={kind}
        onChange={setKind}
      />
      <TextField
        label="Your reference"
        hint="A number of your own, such as P-2026-014, under which you keep the letters at the practice. Not the person’s name, date of birth, Medicare or telephone number: Conduit has no need to know who it is."
        value={reference}
        onChange={setReference}
        maxLength={MOST_REFERENCE_CHARACTERS}
        autoComplete="off"
      />
      <TextField
        label="Day on which it came"
        hint="The 30 days begin on this day. Weekends and closed days count."
        type="date"
        value={receivedOn}
        onChange={setReceivedOn}
      />
    </FormDialog>
  );
}
