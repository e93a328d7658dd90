import { use, useState } from 'react';
import type { PlacedHold } from '#libs/console-api/retention.js';
import { HoldDialog } from '#apps/console/src/retention/hold-dialog.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Select } from '#apps/console/src/ui/select.js';
import { useOverview } from './practice-page.js';

const ALL = 'all';

/** A hold on what is the practice's own: all of it, or of one software or one site. */
export function OwnHoldDialog(props: {
  practiceId: string;
  onPlaced: (placed: PlacedHold) => void;
  onClose: () => void;
}) {
  const { practiceId, onPlaced, onClose } = props;
  const timeZone = use(ZoneContext);
  const { sites = [], integrators = [] } = useOverview().data ?? {};
  const [integratorId, setIntegrator] = useState(ALL);
  const [siteId, setSite] = useState(ALL);
  return (
    <HoldDialog
      place={{ practiceId }}
      timeZone={timeZone}
      whose={{
        ...(integratorId !== ALL && { integratorId }),
        ...(siteId !== ALL && { siteId }),
      }}
      onPlaced={onPlaced}
      onClose={onClose}
    >
      {integrators.length > 0 && (
        <Select
          label="About which software?"
          options={[
            { value: ALL, label: 'All software' },
            ...integrators.map((one) => ({ value: one.integratorId, label: one.name })),
          ]}
          value={integratorId}
          onChange={setIntegrator}
        />
      )}
      {sites.length > 1 && (
        <Select
          label="Of which site?"
          options={[
            { value: ALL, label: 'All sites' },
            ...sites.map((one) => ({ value: one.siteId, label: one.name })),
          ]}
          value={siteId}
          onChange={setSite}
        />
      )}
    </HoldDialog>
  );
}
