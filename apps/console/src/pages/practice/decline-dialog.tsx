import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import {
  declineReasons,
  type AccessRequest,
  type DeclineReason,
} from '#libs/console-api/practice.js';
import { declineRequest } from '#apps/console/src/api/practice.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
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
  const decline = useMutation({
    mutationFn: (chosen: DeclineReason) =>
      declineRequest(practiceId, request.accessRequestId, chosen),
    onSuccess: () => {
      toast('Declined');
      onDone();
    },
  });
  return (
    <Dialog title={`Decline ${request.integratorName}?`} isOpen onClose={onClose}>
      <p>Nothing is shared. They can ask again with a new pairing code from you.</p>
      <RadioGroup
        label="Why?"
        choices={declineReasons.map((value) => ({ value, label: declineWords[value] }))}
        value={reason}
        onChange={setReason}
      />
      {decline.isError && <ProblemNotice error={decline.error} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button
          look="danger"
          isDisabled={reason === null}
          isPending={decline.isPending}
          onPress={() => decline.mutate(reason as DeclineReason)}
        >
          Decline
        </Button>
      </DialogActions>
    </Dialog>
  );
}
