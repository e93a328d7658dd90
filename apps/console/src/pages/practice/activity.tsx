/** What was done at the practice. */
import { useState } from 'react';
import type { ActivityFilter } from '#libs/console-api/activity.js';
import { ActivityList } from '#apps/console/src/activity/activity-list.js';
import { ExportActivityButton } from '#apps/console/src/activity/export-dialog.js';
import { practicePlace } from '#apps/console/src/api/activity.js';
import { PracticePage, useOverview, usePracticeId } from './practice-page.js';
import { RecordCheck } from './record-check.js';

export default function Activity() {
  const practiceId = usePracticeId();
  const place = practicePlace(practiceId);
  const overview = useOverview();
  const [filter, setFilter] = useState<ActivityFilter>({});
  return (
    <PracticePage
      wide
      title="Activity"
      lead="Every act of connected software, of your people and of your server. What the records say is never written down here."
      actions={<ExportActivityButton place={place} filter={filter} />}
    >
      <ActivityList
        place={place}
        hasProofs
        filter={filter}
        onFilter={setFilter}
        kinds={['records', 'permission', 'server', 'people']}
        integrators={overview.data?.integrators ?? []}
        sites={overview.data?.sites ?? []}
      />
      <RecordCheck practiceId={practiceId} />
    </PracticePage>
  );
}
