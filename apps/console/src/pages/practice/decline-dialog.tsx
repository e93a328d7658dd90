import { useState } from 'react';
import {
  declineReasons,
  type AccessRequest,
  type DeclineReason,
} from '#libs/console-api/practice.js';
import { declineRequest } from '#apps/console/src/api/practice.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { declineWords } from './decline-words.js';

export interface DeclineDialogProps {
  practiceId: string;
  request: AccessRequest;
  onDone: () => void;
  onClose: () => void;
}

export function DeclineDialog({ practiceId, request, onDone, onClose }: DeclineDialogProps) {
  const [reason, setReason] = useState<string | null>(null);
  return (
    <FormDialog
      title={`Decline ${request.integratorName}?`}
      deed="Decline"
      look="danger"
      isDisabled={reason === null}
      act={() => declineRequest(practiceId, request.accessRequestId, reason as DeclineReason)}
      onDone={() => {
        toast('Declined');
        onDone();
      }}
      onClose={onClose}
    >
      <p>
        {request.isMore
          ? 'What it may do today stays as it is. It can’t ask for the same again for a week.'
          : 'Nothing is shared. They can ask again with a new pairing code from you.'}
      </p>
      <RadioGroup
        label="Why?"
        choices={declineReasons.map((value) => ({ value, label: declineWords[value] }))}
        value={reason}
        onChange={setReason}
      />
    </FormDialog>
  );
}
