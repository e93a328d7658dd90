/** One incident, as a security officer works on it. */
import { operatorIncidents } from '#apps/console/src/api/incidents.js';
import { IncidentChoices } from '#apps/console/src/incidents/incident-choices.js';
import { IncidentPage } from '#apps/console/src/incidents/incident-page.js';
import { operatorChoices } from './incident-choices.js';
import { OperatorPage } from './operator-page.js';

export default function Incident() {
  return (
    <IncidentChoices value={operatorChoices}>
      <IncidentPage place={operatorIncidents} Frame={OperatorPage} />
    </IncidentChoices>
  );
}
