import { addPasskey, beginPasskey } from '#apps/console/src/api/session.js';
import { makePasskey } from '#apps/console/src/session/passkey-ceremonies.js';
import { stepUp } from '#apps/console/src/session/step-up.js';
import { NameDialog } from '#apps/console/src/ui/name-dialog.js';

/** A passkey of one's own vouches for the new one, else a borrowed screen could leave a key behind. */
async function addNamed(name: string): Promise<void> {
  const vouched = await stepUp({ type: 'passkey.add', name });
  const { ceremonyId, options } = await beginPasskey();
  const credential = await makePasskey(options);
  await addPasskey({ ceremonyId, name, credential, stepUp: vouched });
}

export function AddPasskey({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  return (
    <NameDialog
      title="Add a passkey"
      isAlert
      hint="So that you know it again, for example “Phone” or “Front desk”."
      maxLength={60}
      deed="Add passkey"
      act={addNamed}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        Your device asks twice: first for a passkey you have, then to make the new one, here, on a
        phone or on a security key.
      </p>
    </NameDialog>
  );
}
