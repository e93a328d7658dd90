/** A new client: its name and public keys, then the passkey's word for exactly those keys. */
import { useState } from 'react';
import type { JsonObject } from '#libs/console-api/integrator.js';
import { createClient } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
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
  const read = () => {
    const found = readKeys(text);
    if (typeof found === 'string') setWrong(found);
    else setKeys(found);
  };
  return (
    <FormDialog
      title="Register a client"
      isAlert
      deed="Continue"
      act={read}
      onClose={props.onClose}
    >
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
    </FormDialog>
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
