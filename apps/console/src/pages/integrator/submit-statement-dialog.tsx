/** A statement to be agreed on: its name, what it is for, and its text. What was wrong is said by its place. */
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import { submitStatement } from '#apps/console/src/api/integrator.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

export interface SubmitStatementDialogProps {
  integratorId: string;
  onDone: () => void;
  onClose: () => void;
}

const fields = ['name', 'description', 'text'];

export function SubmitStatementDialog(props: SubmitStatementDialogProps) {
  const { integratorId, onDone, onClose } = props;
  const [wish, setWish] = useState({ name: '', description: '', text: '' });
  const sending = useMutation({
    mutationFn: () =>
      submitStatement(integratorId, {
        name: wish.name.trim(),
        description: wish.description.trim(),
        text: wish.text.trim(),
      }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  const problem = sending.isError ? toProblem(sending.error) : undefined;
  const field = (name: keyof typeof wish) => {
    const wrong = problem?.fields.find((one) => one.field === name)?.problem;
    return {
      value: wish[name],
      onChange: (value: string) => {
        setWish({ ...wish, [name]: value });
        // What was wrong may be right now; a field that is marked would hold the form back.
        sending.reset();
      },
      ...(wrong !== undefined && { error: wrong }),
      isRequired: true,
    };
  };
  const isElsewhere = problem && !problem.fields.some((one) => fields.includes(one.field));
  return (
    <Dialog title="Submit a statement" isOpen isAlert onClose={onClose}>
      <Form className="stack" onSubmit={submit}>
        <TextField
          label="Name"
          hint="What it gives, for example “Appointments of a day”."
          {...field('name')}
          maxLength={100}
          autoFocus
        />
        <TextField
          label="What it is for"
          hint="The practice reads this before it decides."
          {...field('description')}
          maxLength={500}
          rows={2}
        />
        <TextField
          label="Text"
          hint="One SELECT, INSERT, UPDATE, DELETE or MERGE. Parameters (@name) in place of texts and numbers; no comments."
          {...field('text')}
          maxLength={8_000}
          rows={8}
          isCode
        />
        {isElsewhere && <ProblemNotice error={sending.error} />}
        <DialogActions>
          <Button look="quiet" onPress={onClose}>
            Cancel
          </Button>
          <Button type="submit" look="main" isPending={sending.isPending}>
            Submit
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
