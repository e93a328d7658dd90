import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { use, useState } from 'react';
import type { PlacedHold } from '#libs/console-api/retention.js';
import { readIntegrators, readPractices } from '#apps/console/src/api/operator.js';
import { HoldDialog } from '#apps/console/src/retention/hold-dialog.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { SearchField } from '#apps/console/src/ui/search-field.js';
import { Select } from '#apps/console/src/ui/select.js';

type Side = 'practice' | 'integrator';

async function readTenants(side: Side, search: string) {
  if (side === 'practice') {
    const { practices } = await readPractices(search, 1);
    return practices.map(({ practiceId, name }) => ({ value: practiceId, label: name }));
  }
  const { integrators } = await readIntegrators(search, 1);
  return integrators.map(({ integratorId, name }) => ({ value: integratorId, label: name }));
}

/** A hold of the operator's: on one practice, or on one integrator at every practice. */
export function TenantHoldDialog(props: {
  onPlaced: (placed: PlacedHold) => void;
  onClose: () => void;
}) {
  const timeZone = use(ZoneContext);
  const [side, setSide] = useState<Side>('practice');
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const found = useQuery({
    queryKey: ['operator', 'tenants', side, search],
    queryFn: () => readTenants(side, search),
    placeholderData: keepPreviousData,
  });
  const whose = side === 'practice' ? { practiceId: chosen } : { integratorId: chosen };
  return (
    <HoldDialog
      place={{}}
      timeZone={timeZone}
      whose={chosen === null ? undefined : (whose as { practiceId: string })}
      {...props}
    >
      <RadioGroup
        label="Whose records?"
        choices={[
          { value: 'practice', label: 'Of a practice' },
          { value: 'integrator', label: 'Of an integrator, at every practice' },
        ]}
        value={side}
        onChange={(value) => {
          setSide(value as Side);
          setChosen(null);
        }}
      />
      <SearchField hint="Part of its name" value={search} onChange={setSearch} />
      <Select label="Which one?" options={found.data ?? []} value={chosen} onChange={setChosen} />
    </HoldDialog>
  );
}
