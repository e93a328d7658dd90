/** Suspected data breaches that concern the practice: its own, and its part of Conduit's. */
import { practiceIncidents } from '#apps/console/src/api/incidents.js';
import { IncidentList } from '#apps/console/src/incidents/incident-list.js';
import { ButtonLink } from '#apps/console/src/ui/button.js';
import { PracticePage, usePracticeId } from './practice-page.js';

export default function IncidentsPage() {
  return (
    <PracticePage
      wide
      title="Incidents"
      lead="When something of your patients’ may have gone to somebody who must not have it: stop it, look, decide within thirty days, tell."
      actions={
        <ButtonLink to="new" look="main">
          Open an incident
        </ButtonLink>
      }
    >
      <IncidentList place={practiceIncidents(usePracticeId())} />
    </PracticePage>
  );
}
