/** Opening an incident of the operator's. */
import { operatorIncidents } from '#apps/console/src/api/incidents.js';
import { IncidentChoices } from '#apps/console/src/incidents/incident-choices.js';
import { OpenIncident } from '#apps/console/src/incidents/open-incident.js';
import { OwnPicker } from '#apps/console/src/incidents/own-picker.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { operatorChoices } from './incident-choices.js';
import { OperatorPage } from './operator-page.js';

export default function IncidentNew() {
  return (
    <OperatorPage
      title="Open an incident"
      lead="As soon as you suspect it. What you do not know yet can be left open."
      actions={<ButtonLink to={operatorIncidents.path}>All incidents</ButtonLink>}
    >
      <IncidentChoices value={operatorChoices}>
        <OpenIncident
          place={operatorIncidents}
          picker={(scope, onChange) => (
            <OwnPicker place={operatorIncidents} scope={scope} onChange={onChange} />
          )}
        />
      </IncidentChoices>
    </OperatorPage>
  );
}
