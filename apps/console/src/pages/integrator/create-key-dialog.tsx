/** A new key: first its name and bounds, then the passkey's word for exactly those. */
import { useState } from 'react';
import type { MadeKey, PairedSite } from '#libs/console-api/integrator.js';
import { createKey } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { CheckboxGroup } from '#apps/console/src/ui/choices.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { endAfter, keyLives } from './key-life.js';

export interface CreateKeyDialogProps {
  integratorId: string;
  sites: readonly PairedSite[];
  onMade: (made: MadeKey) => void;
  onClose: () => void;
}

interface Wish {
  name: string;
  life: string;
  siteIds: string[];
  /** One a line. */
  ranges: string;
}

export function CreateKeyDialog(props: CreateKeyDialogProps) {
  const [wish, setWish] = useState<Wish>({ name: '', life: '365', siteIds: [], ranges: '' });
  /** When the form was sent; absent: it is being filled in. */
  const [sentAtMs, setSentAt] = useState<number>();
  if (sentAtMs === undefined) {
    return <KeyForm {...props} wish={wish} onWish={setWish} onSend={() => setSentAt(Date.now())} />;
  }
  return <Confirm {...props} wish={wish} sentAtMs={sentAtMs} />;
}

interface KeyFormProps extends CreateKeyDialogProps {
  wish: Wish;
  onWish: (wish: Wish) => void;
  onSend: () => void;
}

function KeyForm({ sites, wish, onWish, onSend, onClose }: KeyFormProps) {
  return (
    <FormDialog title="Make a key" isAlert deed="Continue" act={onSend} onClose={onClose}>
      <TextField
        label="Name"
        hint="Which program uses it, for example “Booking server”."
        value={wish.name}
        onChange={(name) => onWish({ ...wish, name })}
        maxLength={100}
        isRequired
        autoFocus
      />
      <Select
        label="Good for"
        options={keyLives}
        value={wish.life}
        onChange={(life) => onWish({ ...wish, life })}
      />
      {sites.length > 0 && (
        <CheckboxGroup
          label="Only for these sites"
          hint="None chosen: every site that you are paired with."
          choices={sites.map(({ siteId, name }) => ({ value: siteId, label: name }))}
          value={wish.siteIds}
          onChange={(siteIds) => onWish({ ...wish, siteIds })}
        />
      )}
      <TextField
        label="Only from these addresses"
        hint="One a line, for example 203.0.113.0/24. Empty: from anywhere."
        value={wish.ranges}
        onChange={(ranges) => onWish({ ...wish, ranges })}
        rows={2}
        isCode
      />
    </FormDialog>
  );
}

function Confirm(props: CreateKeyDialogProps & { wish: Wish; sentAtMs: number }) {
  const { integratorId, sites, wish, sentAtMs, onMade, onClose } = props;
  const name = wish.name.trim();
  const addressRanges = wish.ranges.split(/[\s,]+/).filter(Boolean);
  const expiresAt = endAfter(wish.life, sentAtMs);
  const bounds = {
    siteIds: wish.siteIds,
    addressRanges,
    ...(expiresAt !== undefined && { expiresAt }),
  };
  const names = sites.filter(({ siteId }) => wish.siteIds.includes(siteId)).map((one) => one.name);
  return (
    <StepUpDialog
      title={`Make the key “${name}”?`}
      deed="Make key"
      action={{ type: 'api-key.create', integratorId, name, ...bounds }}
      act={async (stepUp) => onMade(await createKey(integratorId, { name, ...bounds, stepUp }))}
      onDone={() => undefined}
      onClose={onClose}
    >
      <p>Whoever has it can do what practices have permitted you.</p>
      <Facts
        facts={[
          { label: 'Good for', value: keyLives.find(({ value }) => value === wish.life)?.label },
          { label: 'Sites', value: names.join(', ') || 'All' },
          { label: 'Called from', value: addressRanges.join(', ') || 'Anywhere' },
        ]}
      />
    </StepUpDialog>
  );
}
