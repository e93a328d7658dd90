/**
 * An incident as a document for people: what an owner, a regulator or a lawyer reads. Made of the same file as
 * the JSON export, and of nothing else: the same file makes the same bytes, whenever and wherever it is made.
 */
import { writeEvidence } from '#apps/broker/src/incident-pdf/evidence-pages.js';
import { sayDay, sayMoment } from '#apps/broker/src/incident-pdf/incident-times.js';
import { PdfSheet } from '#apps/broker/src/incident-pdf/pdf-sheet.js';
import {
  daysLeftWords,
  freezeWords,
  groundWords,
  myHealthRecordWords,
  noticedWords,
  outcomeWords,
  partWords,
  recipientWords,
  scopeLines,
  sentWords,
  stateWords,
  timelineEntryWords,
  weighedWords,
} from '#libs/console-api/incident-words.js';
import {
  statementParts,
  type Decision,
  type Incident,
  type IncidentFile,
} from '#libs/console-api/incidents.js';

/** PDF/UA; a second or so for a hundred pages. */
export async function incidentPdf({
  incident,
  pack,
  words,
  exportedAt,
}: IncidentFile): Promise<Buffer> {
  const made = sayMoment(exportedAt, incident.timeZone);
  const title = `${incident.drill ? 'DRILL. ' : ''}Incident: ${incident.title}`;
  const sheet = await PdfSheet.open({
    title,
    madeAt: exportedAt,
    foot: `${incident.drill ? 'DRILL, nothing here is real. ' : ''}Incident ${incident.incidentId}, as of ${made}`,
  });
  sheet.heading(1, title);
  if (incident.drill)
    sheet.paragraph('This is a drill: everything in it is made up, and nothing real was touched.', {
      isBold: true,
    });
  for (const sentence of words) sheet.paragraph(sentence);
  writeStanding(sheet, incident);
  writeDecisions(sheet, incident);
  writeStatement(sheet, incident);
  await writeEvidence(sheet, incident, pack);
  writeFreezes(sheet, incident);
  writeRecipients(sheet, incident);
  writeTimeline(sheet, incident);
  await writeLetters(sheet, incident);
  return sheet.finish();
}

function writeStanding(sheet: PdfSheet, incident: Incident): void {
  const { timeZone, daysLeft, scope, names } = incident;
  const at = (moment: string) => sayMoment(moment, timeZone);
  const left = daysLeft === undefined ? '' : ` (${daysLeftWords(daysLeft).toLowerCase()})`;
  sheet.heading(2, 'How it stands');
  sheet.fact('State', stateWords[incident.state]);
  sheet.fact('Somebody became aware', at(incident.awareAt));
  sheet.fact('How it was noticed', noticedWords[incident.noticed]);
  sheet.fact('Opened', by(at(incident.openedAt), incident.openedByName));
  sheet.fact('Last day of the assessment', `${sayDay(incident.dueOn)}${left}`);
  sheet.fact('My Health Record data involved', myHealthRecordWords[incident.myHealthRecord]);
  if (incident.closedAt !== undefined) sheet.fact('Closed', at(incident.closedAt));
  sheet.heading(3, 'What is looked at');
  sheet.fact('From', at(scope.from));
  sheet.fact('To', at(scope.to));
  for (const { label, text } of scopeLines(scope, names)) sheet.fact(label, text);
}

function writeDecisions(sheet: PdfSheet, { decisions, timeZone }: Incident): void {
  sheet.heading(2, 'The decision');
  const [latest, ...earlier] = decisions;
  if (!latest) sheet.paragraph('Nothing has been decided yet.');
  else writeDecision(sheet, latest, timeZone);
  for (const decision of earlier) {
    sheet.heading(3, 'Decided before, and replaced since');
    writeDecision(sheet, decision, timeZone);
  }
}

function writeDecision(sheet: PdfSheet, decision: Decision, timeZone: string): void {
  sheet.paragraph(`${outcomeWords[decision.outcome]}.`, { isBold: true });
  sheet.fact('Decided', by(sayMoment(decision.at, timeZone), decision.byName));
  sheet.fact('On these grounds', decision.grounds.map((one) => groundWords[one]).join('; '));
  sheet.fact(
    'What was weighed',
    decision.weighed.map((one) => weighedWords[one]).join('; ') || '–',
  );
  sheet.fact('Reasons', decision.reasons);
  if (decision.packHash !== undefined)
    sheet.fact('With this evidence before them, SHA-256', decision.packHash);
}

function writeStatement(sheet: PdfSheet, { statements: [latest], timeZone }: Incident): void {
  sheet.heading(2, 'The statement');
  if (!latest) {
    sheet.paragraph('No statement has been written yet.');
    return;
  }
  const whose = latest.byName === undefined ? 'drafted from the records' : `by ${latest.byName}`;
  const made = `Version ${latest.version}, ${whose}, ${sayMoment(latest.at, timeZone)}.`;
  sheet.paragraph(made, { isQuiet: true });
  if (latest.gaps > 0) sheet.paragraph(`${gapWords(latest.gaps)} in this text.`, { isBold: true });
  statementParts.forEach((part, index) => {
    sheet.heading(3, `${index + 1}. ${partWords[part]}`);
    sheet.paragraph(latest.parts[part]);
  });
}

function writeFreezes(sheet: PdfSheet, { freezes, names, timeZone }: Incident): void {
  sheet.heading(2, 'What was frozen');
  if (freezes.length === 0) sheet.paragraph('Nothing was frozen.');
  for (const { kind, targetId, practiceId, frozenAt, byName, thawedAt, thawedByName } of freezes) {
    const where = practiceId === undefined ? '' : ` for ${names[practiceId] ?? practiceId} only`;
    const begun = by(sayMoment(frozenAt, timeZone), byName);
    const ended =
      thawedAt === undefined
        ? 'It is frozen still.'
        : `It ended ${by(sayMoment(thawedAt, timeZone), thawedByName)}.`;
    sheet.fact(
      `${freezeWords[kind]} ${names[targetId] ?? targetId}${where}`,
      `from ${begun}. ${ended}`,
    );
  }
}

function writeRecipients(sheet: PdfSheet, { letters }: Incident): void {
  sheet.heading(2, 'Who is told');
  sheet.paragraph(
    'Patients are told by their practice, which alone knows who they are: Conduit holds no names of patients.',
  );
  if (letters.length === 0) {
    sheet.paragraph('No letters have been drafted yet.');
    return;
  }
  sheet.table(
    [{ label: 'Recipient' }, { label: 'Who that is' }, { label: 'Told' }],
    letters.map(({ recipient, recipientName, sentOn, sentHow, sentByName, gaps }) => [
      recipientName,
      recipientWords[recipient],
      sentOn === undefined
        ? `Not yet${gaps > 0 ? `; ${gapWords(gaps).toLowerCase()}` : ''}`
        : by(
            `${sayDay(sentOn)}${sentHow ? `, ${sentWords[sentHow].toLowerCase()}` : ''}`,
            sentByName,
          ),
    ]),
  );
}

function writeTimeline(sheet: PdfSheet, incident: Incident): void {
  const { timeline, timeZone } = incident;
  sheet.heading(2, 'What was done, in order');
  for (const entry of timeline) {
    const said = by(timelineEntryWords(entry, incident), entry.byName);
    const note = entry.note === undefined ? '' : `. ${entry.note}`;
    sheet.fact(sayMoment(entry.at, timeZone), `${said}${note}`);
  }
}

async function writeLetters(sheet: PdfSheet, { letters }: Incident): Promise<void> {
  for (const { recipientName, subject, text } of letters) {
    await sheet.pause();
    sheet.nextPage();
    sheet.heading(2, `Letter to ${recipientName}`);
    sheet.paragraph(subject, { isBold: true });
    sheet.paragraph(text);
  }
}

const by = (text: string, name: string | undefined): string =>
  name === undefined ? text : `${text}, by ${name}`;

const gapWords = (gaps: number): string =>
  gaps === 1 ? 'One gap is still to be filled' : `${gaps} gaps are still to be filled`;
