/** What the integrator did and what practices decided about it. */
import { useState } from 'react';
import type { ActivityFilter } from '#libs/console-api/activity.js';
import { ActivityList } from '#apps/console/src/activity/activity-list.js';
import { ExportActivityButton } from '#apps/console/src/activity/export-dialog.js';
import { integratorPlace } from '#apps/console/src/api/activity.js';
import { Page } from '#apps/console/src/ui/page.js';
import { useIntegratorId, useSites } from './use-integrator.js';

export default function Activity() {
  const place = integratorPlace(useIntegratorId());
  const sites = useSites();
  const [filter, setFilter] = useState<ActivityFilter>({});
  return (
    <Page
      wide
      title="Activity"
      lead="Every query of yours as it is recorded, what practices decided about you, and what your people did here. Practices see the same of you."
      actions={<ExportActivityButton place={place} filter={filter} />}
    >
      <ActivityList
        place={place}
        hasProofs
        filter={filter}
        onFilter={setFilter}
        kinds={['records', 'permission', 'keys', 'people']}
        sites={sites.data ?? []}
      />
    </Page>
  );
}
