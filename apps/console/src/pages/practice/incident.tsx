/** One incident: the practice's own, to work on, or its part of Conduit's, to read. */
import { practiceIncidents } from '#apps/console/src/api/incidents.js';
import { IncidentChoices } from '#apps/console/src/incidents/incident-choices.js';
import { IncidentPage } from '#apps/console/src/incidents/incident-page.js';
import { practiceChoices } from './incident-choices.js';
import { PracticePage, useOverview, usePracticeId } from './practice-page.js';

export default function Incident() {
  return (
    <IncidentChoices value={practiceChoices(useOverview().data)}>
      <IncidentPage place={practiceIncidents(usePracticeId())} Frame={PracticePage} />
    </IncidentChoices>
  );
}
