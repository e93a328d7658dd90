import { useState } from 'react';
import type { ApiKey, MadeKey } from '#libs/console-api/integrator.js';
import { rotateKey } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { Select } from '#apps/console/src/ui/select.js';
import { endAfter, keyLives } from './key-life.js';

const overlaps = [
  { value: '24', label: 'In a day', hint: 'Time to change your software without a gap.' },
  { value: '168', label: 'In a week' },
  { value: '0', label: 'At once', hint: 'If somebody else may have it.' },
];

export interface RotateKeyDialogProps {
  integratorId: string;
  apiKey: ApiKey;
  onMade: (made: MadeKey) => void;
  onClose: () => void;
}

/** A new key with the same name and bounds; both work until the old one ends. */
export function RotateKeyDialog({ integratorId, apiKey, onMade, onClose }: RotateKeyDialogProps) {
  const [overlap, setOverlap] = useState('24');
  const [life, setLife] = useState('365');
  const [openedAtMs] = useState(() => Date.now());
  const { keyId, name } = apiKey;
  const expiresAt = endAfter(life, openedAtMs);
  const terms = {
    overlapHours: Number(overlap),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return (
    <StepUpDialog
      title={`Replace “${name}”?`}
      deed="Replace key"
      action={{ type: 'api-key.rotate', integratorId, keyId, ...terms }}
      act={async (stepUp) => onMade(await rotateKey(integratorId, keyId, { ...terms, stepUp }))}
      onDone={() => undefined}
      onClose={onClose}
    >
      <p>You get a new key with the same name, sites and addresses.</p>
      <RadioGroup
        label="The old key ends"
        choices={overlaps}
        value={overlap}
        onChange={setOverlap}
      />
      <Select label="The new key is good for" options={keyLives} value={life} onChange={setLife} />
      <p className="quiet">
        Results and registered queries belong to the key that asked for them. Fetch what waits, and
        register again with the new key, before the old one ends.
      </p>
    </StepUpDialog>
  );
}
