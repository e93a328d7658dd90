/** The closed lists of an incident in plain words: the console's pages and the incident as a PDF say the same. */
import type {
  DecisionGround,
  DecisionOutcome,
  FreezeKind,
  Incident,
  IncidentScope,
  IncidentState,
  MyHealthRecordAnswer,
  NoticedWay,
  PackAgent,
  PackCounts,
  RecipientKind,
  SentWay,
  StatementPart,
  TimelineEntry,
  TimelineKind,
  Verdict,
  WeighedMatter,
} from '#libs/console-api/incidents.js';
import type { MismatchKind } from '#libs/audit/reconcile.js';

export const stateWords: Record<IncidentState, string> = {
  assessing: 'Being assessed',
  eligible: 'To be notified',
  'not-eligible': 'No notification needed',
  notified: 'Notified',
  closed: 'Closed',
};

export const noticedWords: Record<NoticedWay, string> = {
  'records-differ': 'The records of both sides did not agree',
  'log-alarm': 'A log or a witness raised an alarm',
  alert: 'An alert of Conduit’s',
  'practice-told-us': 'A practice said so',
  'integrator-told-us': 'A software company said so',
  'patient-told-us': 'A patient said so',
  'staff-noticed': 'Our own people noticed',
  'somebody-else': 'Somebody else said so',
};

export const myHealthRecordWords: Record<MyHealthRecordAnswer, string> = {
  unknown: 'Not known yet',
  no: 'No',
  yes: 'Yes, or it may be',
};

export const freezeWords: Record<FreezeKind, string> = {
  integrator: 'Software company',
  key: 'API key',
  site: 'Site',
  agent: 'Practice’s server',
};

export const outcomeWords: Record<DecisionOutcome, string> = {
  eligible: 'It is an eligible data breach: it has to be notified',
  'not-eligible': 'It is no eligible data breach: nobody has to be notified',
  'my-health-record':
    'My Health Record data may be involved: it has to be notified, whatever the harm',
};

export const groundWords: Record<DecisionGround, string> = {
  'unauthorised-access': 'Somebody had access who must not',
  'unauthorised-disclosure': 'It was disclosed to somebody who must not have it',
  loss: 'It was lost, and somebody may well get at it',
  'no-access-disclosure-or-loss': 'Nobody had access, nothing was disclosed or lost',
  'no-personal-information': 'No personal information was involved',
  'serious-harm-not-likely': 'Serious harm to anybody is not likely',
  'remedied-before-serious-harm': 'It was remedied before it could do serious harm',
  'unauthorised-collection-use-or-disclosure':
    'Somebody collected, used or disclosed My Health Record information without authority',
  'security-or-integrity-compromised':
    'The security or integrity of the My Health Record system was compromised',
  'may-have-happened': 'One of these may have happened',
};

export const weighedWords: Record<WeighedMatter, string> = {
  'kinds-of-information': 'The kinds of information',
  sensitivity: 'How sensitive it is',
  'security-measures': 'What protected it, and whether that may be overcome',
  'who-obtained-it': 'Who has obtained it, or could',
  'likely-intent': 'Whether they are likely to mean harm',
  'nature-of-harm': 'What harm it could do',
  'remedial-action': 'What was done about it',
};

/** The four parts of the statement, as headings. */
export const partWords: Record<StatementPart, string> = {
  identity: 'Who we are and how to reach us',
  description: 'What happened',
  kinds: 'Which kinds of information it concerns',
  steps: 'What we recommend that you do',
};

export const recipientWords: Record<RecipientKind, string> = {
  practice: 'Practice',
  oaic: 'Office of the Australian Information Commissioner',
  'system-operator': 'My Health Record System Operator',
  integrator: 'Software company',
};

export const sentWords: Record<SentWay, string> = {
  'online-form': 'Through its online form',
  mail: 'By e-mail',
  post: 'By post',
  telephone: 'By telephone',
  'in-person': 'In person',
};

export const verdictWords: Record<Verdict, string> = {
  both: 'Both logs have it, and agree',
  brokerOnly: 'Conduit says that it was answered; the practice’s log has nothing',
  agentOnly: 'It ran at the practice; Conduit has no record',
  differs: 'Both logs have it, and contradict each other',
  standing: 'A run by a timetable, of which Conduit keeps the registration alone',
  nothingRan: 'Nothing was given out, and nothing ran',
  notCompared: 'The practice’s log could not be asked about that time',
};

export const mismatchWords: Record<MismatchKind, string> = {
  'dispatched-not-executed': 'Conduit says it was answered; the practice’s server never ran it.',
  'executed-not-dispatched':
    'The practice’s server ran or refused it; Conduit has no record of it.',
  differs: 'Conduit’s record and the practice’s contradict each other.',
};

export const agentWords: Record<PackAgent['state'], string> = {
  compared: 'Its log was held against Conduit’s for all of the time',
  'in-part': 'Its log was held against Conduit’s for a part of the time',
  away: 'Its log could not be asked for',
  unproven: 'What it said is not in its own log',
};

/** What is counted, in the order in which it is shown. */
export const countWords = {
  queries: 'Queries asked',
  dispatched: 'Passed on to the practice',
  executed: 'Run at the database',
  answered: 'Answered in full',
  refused: 'Refused',
  writes: 'Changes of data run',
} as const satisfies Partial<Record<keyof PackCounts, string>>;

const timelineWords: Record<TimelineKind, string> = {
  opened: 'The incident was opened',
  'scope-changed': 'What is looked at was changed',
  noted: 'A note',
  'my-health-record': 'My Health Record data involved',
  frozen: 'Frozen',
  'thaw-asked': 'The end of a freeze was asked for',
  thawed: 'A freeze ended',
  'pack-made': 'The evidence was gathered',
  decided: 'Decided',
  'statement-written': 'The statement was written',
  'letters-drafted': 'Letters were drafted',
  'letter-changed': 'A letter was changed',
  'letter-sent': 'A letter was sent',
  reminded: 'Reminded of the last day',
  'not-reminded': 'Nobody could be reached by mail to remind them of the last day',
  notified: 'Everybody was notified',
  exported: 'Exported as a file',
  closed: 'The incident was closed',
  'drill-started': 'A drill was started: nothing of it is real',
};

/** An entry's word is of a closed list, an id, a number or a hash: what it says depends on the kind. */
function wordOf(kind: TimelineKind, word: string, { names, letters }: TimelineNames): string {
  const lists: Partial<Record<TimelineKind, Readonly<Record<string, string>>>> = {
    opened: noticedWords,
    'my-health-record': myHealthRecordWords,
    decided: outcomeWords,
    exported: { json: 'data for a program (JSON)', pdf: 'a document (PDF)' },
  };
  if (kind === 'reminded' || kind === 'not-reminded') return daysLeftWords(Number(word));
  if (kind === 'statement-written') return `version ${word}`;
  if (kind === 'letter-changed')
    return letters.find(({ letterId }) => letterId === word)?.recipientName ?? word;
  if (kind === 'letter-sent') {
    const [recipient, id] = word.split(' ') as [RecipientKind, string?];
    return id === undefined ? recipientWords[recipient] : (names[id] ?? recipientWords[recipient]);
  }
  return lists[kind]?.[word] ?? names[word] ?? word;
}

type TimelineNames = Pick<Incident, 'names' | 'letters'>;

export function timelineEntryWords({ kind, word }: TimelineEntry, incident: TimelineNames): string {
  const said = timelineWords[kind];
  return word === undefined ? said : `${said}: ${wordOf(kind, word, incident)}`;
}

const scopeLabels = {
  practices: 'Practices',
  sites: 'Sites',
  agents: 'Servers',
  integrators: 'Software',
  keys: 'API keys',
} as const satisfies Partial<Record<keyof IncidentScope, string>>;
export type ScopeList = keyof typeof scopeLabels;
export const scopeLists = Object.keys(scopeLabels) as ScopeList[];
export const scopeListWords: Readonly<Record<ScopeList, string>> = scopeLabels;

/** Which records are looked at, a line for each list that is not empty. */
export function scopeLines(
  scope: IncidentScope,
  names: Incident['names'],
): { label: string; text: string }[] {
  const lines = scopeLists
    .filter((list) => scope[list].length > 0)
    .map((list) => ({
      label: scopeLabels[list],
      text: scope[list].map((id) => names[id] ?? id).join(', '),
    }));
  return lines.length > 0 ? lines : [{ label: 'Records', text: 'All of that time' }];
}

/** How much is left of the clock. */
export function daysLeftWords(days: number): string {
  if (days === 0) return 'Last day';
  const count = Math.abs(days) === 1 ? '1 day' : `${Math.abs(days)} days`;
  return days > 0 ? `${count} left` : `Overdue by ${count}`;
}
