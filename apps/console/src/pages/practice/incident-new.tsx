/** Opening an incident of the practice's own. */
import { practiceIncidents } from '#apps/console/src/api/incidents.js';
import { IncidentChoices } from '#apps/console/src/incidents/incident-choices.js';
import { OpenIncident } from '#apps/console/src/incidents/open-incident.js';
import { OwnPicker } from '#apps/console/src/incidents/own-picker.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { practiceChoices } from './incident-choices.js';
import { PracticePage, useOverview, usePracticeId } from './practice-page.js';

export default function IncidentNew() {
  const place = practiceIncidents(usePracticeId());
  return (
    <PracticePage
      title="Open an incident"
      lead="As soon as you suspect it. What you do not know yet can be left open."
      actions={<ButtonLink to={place.path}>All incidents</ButtonLink>}
    >
      <Asked query={useOverview()}>
        {(overview) => (
          <IncidentChoices value={practiceChoices(overview)}>
            <OpenIncident
              place={place}
              picker={(scope, onChange) => (
                <OwnPicker place={place} scope={scope} onChange={onChange} />
              )}
            />
          </IncidentChoices>
        )}
      </Asked>
    </PracticePage>
  );
}
