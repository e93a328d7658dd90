import { useMutation } from '@tanstack/react-query';
import type { FormEvent, ReactNode } from 'react';
import { Form } from 'react-aria-components/Form';
import { Button, type ButtonProps } from './button.js';
import { Dialog, DialogActions } from './dialog.js';
import { ProblemNotice } from './notice.js';

export interface FormDialogProps<Made> {
  title: string;
  isAlert?: boolean;
  children: ReactNode;
  /** The deed on the button, e.g. `Add endpoint`. */
  deed: string;
  look?: ButtonProps['look'];
  /** What the fields of the call are called here. */
  fieldWords?: Readonly<Record<string, string>>;
  /** Something is still missing. */
  isDisabled?: boolean;
  act: () => Made | Promise<Made>;
  /** After the act; `onClose` is not called then. */
  onDone?: (made: Made) => void;
  onClose: () => void;
}

/** Asks for something and sends it; when that fails, the dialog stays, with what was written, and says why. */
export function FormDialog<Made>(props: FormDialogProps<Made>) {
  const { title, isAlert = false, children, deed, look = 'main', isDisabled = false } = props;
  const { act, onDone, onClose, fieldWords = {} } = props;
  const sending = useMutation({
    mutationFn: async () => act(),
    onSuccess: (made: Made) => onDone?.(made),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <Dialog title={title} isOpen isAlert={isAlert} onClose={onClose}>
      <Form onSubmit={submit}>
        {/* What was wrong may be right now. */}
        <div className="stack" onChange={() => sending.isError && sending.reset()}>
          {children}
          {sending.isError && <ProblemNotice error={sending.error} fieldWords={fieldWords} />}
          <DialogActions>
            <Button look="quiet" onPress={onClose} isDisabled={sending.isPending}>
              Cancel
            </Button>
            <Button type="submit" look={look} isDisabled={isDisabled} isPending={sending.isPending}>
              {deed}
            </Button>
          </DialogActions>
        </div>
      </Form>
    </Dialog>
  );
}
