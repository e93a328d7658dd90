/** Narrows a permission: what it loses, how much an answer may hold, how long it lasts. */
import { useState } from 'react';
import type { Permission, PermissionChoices } from '#libs/console-api/practice.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { DecisionProblem } from './sign-dialog.js';

const lengths = [
  { value: '30', label: '1 month from now' },
  { value: '90', label: '3 months from now' },
  { value: '180', label: '6 months from now' },
  { value: '365', label: '1 year from now' },
];
const sizes = [
  { value: '1000', label: '1,000 rows' },
  { value: '10000', label: '10,000 rows' },
  { value: '100000', label: '100,000 rows' },
];

export interface ChangeDialogProps {
  permission: Permission;
  isPending: boolean;
  error: Error | null;
  onChosen: (choices: PermissionChoices) => void;
  onClose: () => void;
}

export function ChangeDialog(props: ChangeDialogProps) {
  const { permission, isPending, error, onChosen, onClose } = props;
  const [scopes, setScopes] = useState(permission.scopes.map(({ scope }) => scope));
  const [days, setDays] = useState<string | null>(null);
  const [rows, setRows] = useState<string | null>(null);
  const choices: PermissionChoices = {
    scopes,
    ...(days !== null && { days: Number(days) }),
    ...(rows !== null && { rows: Number(rows) }),
  };
  return (
    <Dialog title="Change what it may do" isOpen onClose={onClose}>
      <CheckboxGroup
        label="It may"
        hint="Untick what it should lose. For something more the company asks, and you decide under Requests."
        choices={permission.scopes.map(({ scope, words }) => ({ value: scope, label: words }))}
        value={scopes}
        onChange={setScopes}
      />
      <Select label="New end (else it stays)" options={lengths} value={days} onChange={setDays} />
      <Select
        label="At most, in one answer (else it stays)"
        options={sizes}
        value={rows}
        onChange={setRows}
      />
      {error && <DecisionProblem error={error} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button
          look="main"
          isPending={isPending}
          isDisabled={scopes.length === 0}
          onPress={() => onChosen(choices)}
        >
          Read and sign
        </Button>
      </DialogActions>
    </Dialog>
  );
}
