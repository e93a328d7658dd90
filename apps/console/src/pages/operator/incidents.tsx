/** Suspected data breaches: those that are open, and opening another, or a drill. */
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { operatorIncidents, startDrill } from '#apps/console/src/api/incidents.js';
import { IncidentList } from '#apps/console/src/incidents/incident-list.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { OperatorPage } from './operator-page.js';

export default function IncidentsPage() {
  const [isDrilling, setDrilling] = useState(false);
  return (
    <OperatorPage
      wide
      title="Incidents"
      lead="When something may have gone to somebody who must not have it: stop it, look, decide within thirty days, tell."
      actions={
        <>
          <Button onPress={() => setDrilling(true)}>Run a drill</Button>
          <ButtonLink to="new" look="main">
            Open an incident
          </ButtonLink>
        </>
      }
    >
      <IncidentList place={operatorIncidents} />
      {isDrilling && <DrillDialog onClose={() => setDrilling(false)} />}
    </OperatorPage>
  );
}

const MOST_SEED = 1_000_000;

function DrillDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [seed] = useState(() => 1 + Math.floor(Math.random() * MOST_SEED));
  return (
    <FormDialog
      title="Run a drill?"
      deed="Start the drill"
      act={() => startDrill(operatorIncidents, seed)}
      onDone={({ incidentId }) => void navigate(incidentId)}
      onClose={onClose}
    >
      <p>
        An incident is made up, with records that are made up too, for you to go through step by
        step. Nothing real is frozen, nobody is told, and it is marked as a drill everywhere.
      </p>
    </FormDialog>
  );
}
