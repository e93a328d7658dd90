import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import { addPasskey, beginPasskey } from '#apps/console/src/api/session.js';
import { makePasskey } from '#apps/console/src/session/passkey-ceremonies.js';
import { stepUp } from '#apps/console/src/session/step-up.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

/** A passkey of one's own vouches for the new one, else a borrowed screen could leave a key behind. */
async function addNamed(name: string): Promise<void> {
  const vouched = await stepUp({ type: 'passkey.add', name });
  const { ceremonyId, options } = await beginPasskey();
  const credential = await makePasskey(options);
  await addPasskey({ ceremonyId, name, credential, stepUp: vouched });
}

export function AddPasskey({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const adding = useMutation({ mutationFn: addNamed, onSuccess: onDone });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate(name.trim());
  };
  return (
    <Dialog title="Add a passkey" isOpen isAlert onClose={onClose}>
      <Form className="stack" onSubmit={submit}>
        <p>
          Your device asks twice: first for a passkey you have, then to make the new one, here, on a
          phone or on a security key.
        </p>
        <TextField
          label="Name"
          hint="So that you know it again, for example “Phone” or “Front desk”."
          value={name}
          onChange={setName}
          maxLength={60}
          isRequired
          autoFocus
        />
        {adding.isError && <ProblemNotice error={adding.error} />}
        <DialogActions>
          <Button look="quiet" onPress={onClose} isDisabled={adding.isPending}>
            Cancel
          </Button>
          <Button type="submit" look="main" isPending={adding.isPending}>
            Add passkey
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
