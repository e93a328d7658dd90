import { operatorIncidents } from '#apps/console/src/api/incidents.js';
import { LetterPage } from '#apps/console/src/incidents/letter-page.js';
import { OperatorPage } from './operator-page.js';

export default function IncidentLetter() {
  return <LetterPage place={operatorIncidents} Frame={OperatorPage} />;
}
