import { practiceIncidents } from '#apps/console/src/api/incidents.js';
import { LetterPage } from '#apps/console/src/incidents/letter-page.js';
import { PracticePage, usePracticeId } from './practice-page.js';

export default function IncidentLetter() {
  return <LetterPage place={practiceIncidents(usePracticeId())} Frame={PracticePage} />;
}
