/** A new client: its name and public keys, then the passkey's word for exactly those keys. */
import { useState, type FormEvent } from 'react';
import { Form } from 'react-aria-components/Form';
import type { JsonObject } from '#libs/console-api/integrator.js';
import { createClient } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { TextField } from '#apps/console/src/ui/text-field.js';

export interface CreateClientDialogProps {
  integratorId: string;
  onDone: () => void;
  onClose: () => void;
}

export function CreateClientDialog(props: CreateClientDialogProps) {
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [keys, setKeys] = useState<JsonObject[]>();
  const [wrong, setWrong] = useState<string>();
  if (keys) return <Confirm {...props} name={name.trim()} keys={keys} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readKeys(text);
    if (typeof read === 'string') setWrong(read);
    else setKeys(read);
  };
  return (
    <Dialog title="Register a client" isOpen isAlert onClose={props.onClose}>
      <Form className="stack" onSubmit={submit}>
        <TextField
          label="Name"
          hint="Which program it is, for example “Booking server”."
          value={name}
          onChange={setName}
          maxLength={100}
          isRequired
          autoFocus
        />
        <TextField
          label="Public keys"
          hint="A JWK or a JWK set: EC P-256, Ed25519, or RSA of 2048 bits or more. Never a private key."
          value={text}
          onChange={(value) => {
            setText(value);
            setWrong(undefined);
          }}
          rows={6}
          isCode
          isRequired
          {...(wrong !== undefined && { error: wrong })}
        />
        <DialogActions>
          <Button look="quiet" onPress={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" look="main">
            Continue
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** @returns what is wrong, in words, in place of keys; a private key does not leave the browser */
function readKeys(text: string): JsonObject[] | string {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return 'This is not JSON.';
  }
  const listed = (read as { keys?: unknown } | null)?.keys;
  const keys = Array.isArray(listed) ? (listed as unknown[]) : [read];
  const isKey = (key: unknown): key is JsonObject =>
    typeof key === 'object' && key !== null && 'kty' in key;
  if (!keys.every(isKey)) return 'This is no JWK: it has no kty.';
  if (keys.some((key) => 'd' in key || 'k' in key)) {
    return 'This is a private key. Take it out of here, make a new one, and paste its public half.';
  }
  return keys;
}

function Confirm(props: CreateClientDialogProps & { name: string; keys: JsonObject[] }) {
  const { integratorId, name, keys, onDone, onClose } = props;
  const wanted = { name, jwks: { keys }, siteIds: [], addressRanges: [] };
  return (
    <StepUpDialog
      title={`Register “${name}”?`}
      deed="Register client"
      action={{ type: 'oauth-client.create', integratorId, ...wanted }}
      act={(stepUp) => createClient(integratorId, { ...wanted, stepUp })}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        Whoever holds the private half of {keys.length === 1 ? 'this key' : 'one of these keys'} can
        do what practices have permitted you.
      </p>
      <pre tabIndex={0} role="region" aria-label="Public keys">
        <code>{JSON.stringify(keys, undefined, 2)}</code>
      </pre>
    </StepUpDialog>
  );
}
