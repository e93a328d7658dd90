import { useState } from 'react';
import { FormDialog, type FormDialogProps } from './form-dialog.js';
import { TextField } from './text-field.js';

export interface NameDialogProps<Made> extends Omit<
  FormDialogProps<Made>,
  'act' | 'children' | 'isDisabled' | 'look'
> {
  label?: string;
  hint: string;
  maxLength: number;
  /** Said before the name is asked for. */
  children?: FormDialogProps<Made>['children'];
  /** @param name without spaces around it, and never empty */
  act: (name: string) => Promise<Made>;
}

/** Asks for a name and nothing else. */
export function NameDialog<Made>(props: NameDialogProps<Made>) {
  const { label = 'Name', hint, maxLength, children, act, ...dialog } = props;
  const [written, setWritten] = useState('');
  const name = written.trim();
  return (
    <FormDialog {...dialog} isDisabled={name === ''} act={() => act(name)}>
      {children}
      <TextField
        label={label}
        hint={hint}
        value={written}
        onChange={setWritten}
        maxLength={maxLength}
        autoFocus
      />
    </FormDialog>
  );
}
