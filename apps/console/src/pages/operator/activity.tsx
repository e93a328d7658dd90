/** What Conduit's own people did: of practices and integrators nothing else. */
import { useState } from 'react';
import type { ActivityFilter } from '#libs/console-api/activity.js';
import { ActivityList } from '#apps/console/src/activity/activity-list.js';
import { ExportActivityButton } from '#apps/console/src/activity/export-dialog.js';
import { operatorPlace } from '#apps/console/src/api/activity.js';
import { OperatorPage } from './operator-page.js';

export default function Activity() {
  const [filter, setFilter] = useState<ActivityFilter>({});
  return (
    <OperatorPage
      wide
      title="Activity"
      lead="What Conduit’s own people did. What practices and integrators do is theirs to read."
      actions={<ExportActivityButton place={operatorPlace} filter={filter} />}
    >
      <ActivityList
        place={operatorPlace}
        filter={filter}
        onFilter={setFilter}
        kinds={['server', 'keys', 'people']}
      />
    </OperatorPage>
  );
}
