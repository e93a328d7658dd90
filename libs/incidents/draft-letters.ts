/**
 * Who is to be told of an incident, and a letter to each. Patients are not among them: Conduit knows none. Each
 * practice tells its own, and its letter says how it finds them. Pure.
 */
import type { PackCounts, RecipientKind } from '#libs/console-api/incidents.js';
import {
  dayInWords,
  DRILL_LINE,
  gap,
  listed,
  nameOf,
  spanOf,
  type FrozenFact,
  type IncidentFacts,
} from '#libs/incidents/incident-facts.js';

export interface DraftedLetter {
  recipient: RecipientKind;
  /** Of a practice or an integrator. */
  recipientId?: string;
  recipientName: string;
  subject: string;
  text: string;
}

export const OAIC = 'Office of the Australian Information Commissioner';
export const SYSTEM_OPERATOR = 'My Health Record System Operator';

export interface Recipients {
  /** The practice whose own incident it is: it need not be told, but tells its patients. */
  ownPracticeId?: string;
  /** It has to be notified, by the newest decision. */
  isNotifiable: boolean;
}

export function draftLetters(facts: IncidentFacts, to: Recipients): DraftedLetter[] {
  const practices: { id: string; counts?: PackCounts }[] =
    facts.pack?.practices ?? facts.scope.practices.map((id) => ({ id }));
  const integrators = facts.pack?.integrators ?? facts.scope.integrators.map((id) => ({ id }));
  const letters = [
    ...practices
      .filter(({ id }) => id !== to.ownPracticeId)
      .map(({ id, counts }) => toPractice(facts, id, counts)),
    ...(to.isNotifiable ? [toOaic(facts)] : []),
    ...(facts.myHealthRecord === 'yes' ? [toSystemOperator(facts)] : []),
    ...integrators.map(({ id }) => toIntegrator(facts, id)),
  ];
  if (!facts.drill) return letters;
  return letters.map((letter) => ({
    ...letter,
    subject: `DRILL: ${letter.subject}`,
    text: `${DRILL_LINE}\n\n${letter.text}`,
  }));
}

function toPractice(facts: IncidentFacts, id: string, counts?: PackCounts): DraftedLetter {
  const software = facts.pack?.integrators.map((one) => nameOf(facts, one.id)) ?? [];
  const numbers = counts
    ? `${counts.queries} queries of your records are in question, ${spanOf(facts)}. ${counts.executed} were run, ${counts.answered} answered; ${counts.verdicts.both} are proven by your server’s log and by ours, ${counts.verdicts.agentOnly + counts.verdicts.brokerOnly + counts.verdicts.differs} by one alone or differently by both, ${counts.verdicts.notCompared} could not be compared yet.`
    : gap('what the evidence pack says of this practice');
  // Another practice's site is not named to this one.
  const frozen = facts.frozen.filter(({ practiceId }) => (practiceId ?? id) === id);
  const commands = (facts.pack?.integrators ?? [])
    .map(
      (one) =>
        `     conduit-agent audit --integrator ${one.id} --since ${facts.scope.from.slice(0, 10)}`,
    )
    .join('\n');
  return {
    ...{ recipient: 'practice', recipientId: id, recipientName: nameOf(facts, id) },
    subject: `A possible data breach that concerns ${nameOf(facts, id)}`,
    text: `To the privacy contact of ${nameOf(facts, id)}

We write about: ${facts.title}. We became aware on ${dayInWords(facts.awareOn)}. You have 30 days from the day on which you became aware to assess whether it is an eligible data breach; we end our own assessment by ${dayInWords(facts.dueOn)}.

Software concerned: ${listed(software) || gap('which software')}. ${numbers}

What we have stopped: ${wordsOf(frozen) || 'nothing yet'}.

Your patients are yours to tell. Conduit passes records on and keeps none, so we do not know whom it concerns. How you find them:

1. On the practice’s server, see every query of that time, with exact counts:

${commands || '     conduit-agent audit --since ' + facts.scope.from.slice(0, 10)}

2. Lines with one fingerprint are one statement. For statements that you agreed to, the console shows their text under “Statements”. For others ask the software’s vendor for theirs.
3. Have your IT provider run the same statement in your own practice software: who is in its answer is whom it concerns. Records may have changed since; a backup of that day is closer.

Your own part of the evidence is in your console under “Incidents”.

${mhrOf(facts)}${gap('whom the practice can ask, and when we write again')}
`.trim(),
  };
}

const wordsOf = (frozen: readonly FrozenFact[]): string => listed(frozen.map(({ words }) => words));

const mhrOf = ({ myHealthRecord }: IncidentFacts): string =>
  myHealthRecord === 'yes'
    ? `My Health Record information may be involved. Then there is no threshold of harm: as a registered healthcare provider organisation you notify the System Operator and the Commissioner as soon as practicable (My Health Records Act 2012, s 75).

`
    : '';

function toOaic(facts: IncidentFacts): DraftedLetter {
  const parts = facts.statement?.parts;
  const practices = facts.pack?.practices.map(({ id }) => nameOf(facts, id)) ?? [];
  return {
    ...{ recipient: 'oaic', recipientName: OAIC },
    subject: 'Notification of an eligible data breach',
    text: `Statement under s 26WK of the Privacy Act 1988. The Commissioner prefers the online form at oaic.gov.au/ndb; this is its text.

1. Who we are

${parts?.identity ?? gap('the statement’s first part')}

2. What happened

${parts?.description ?? gap('the statement’s second part')}

3. Kinds of information

${parts?.kinds ?? gap('the statement’s third part')}

4. What people should do

${parts?.steps ?? gap('the statement’s fourth part')}

For the Commissioner: we became aware on ${dayInWords(facts.awareOn)}. Practices concerned: ${practices.length || gap('how many')}. Individuals concerned: ${gap('how many, as the practices tell; we cannot know')}. Evidence is held as a pack with the SHA-256 ${facts.packHash ?? gap('hash of the pack')}.
`.trim(),
  };
}

function toSystemOperator(facts: IncidentFacts): DraftedLetter {
  return {
    ...{ recipient: 'system-operator', recipientName: SYSTEM_OPERATOR },
    subject: 'Notification under s 75 of the My Health Records Act 2012',
    text: `We notify you of an event that has, or may have, compromised information of the My Health Record system. No harm has to be likely for this.

What happened: ${facts.statement?.parts.description ?? facts.title}

We became aware on ${dayInWords(facts.awareOn)}. It concerns the time ${spanOf(facts)}.

Contained by: ${wordsOf(facts.frozen) || gap('what was done to contain it')}.

My Health Record information concerned: ${gap('which, and of how many healthcare recipients, as the practices tell')}.

Where the effects may be serious, we ask you to notify the affected healthcare recipients (s 75(6)).

Registered healthcare provider organisations: ${listed(facts.pack?.practices.map(({ id }) => nameOf(facts, id)) ?? []) || gap('which')}; their HPI-O numbers: ${gap('numbers')}.
Contact: ${gap('name, telephone, e-mail')}
`.trim(),
  };
}

function toIntegrator(facts: IncidentFacts, id: string): DraftedLetter {
  // Of others’ keys, sites and servers a vendor hears nothing.
  const keys = facts.scope.keys.filter((key) => facts.keyOwners[key] === id);
  const frozen = facts.frozen.filter(({ integratorId }) => integratorId === id);
  return {
    ...{ recipient: 'integrator', recipientId: id, recipientName: nameOf(facts, id) },
    subject: 'A possible data breach that concerns your software',
    text: `To ${nameOf(facts, id)}

We look into: ${facts.title}. It concerns your queries ${spanOf(facts)}${keys.length > 0 ? `, made with the key ${listed(keys)}` : ''}. We became aware on ${dayInWords(facts.awareOn)}.

What we have stopped: ${wordsOf(frozen) || 'nothing yet of yours'}.

Please, within two days:

1. Say whether these queries were yours, and who or what made them.
2. Keep your logs of that time. Change every key that may be known to others.
3. Say what you hold of what was read, where, and who can reach it. Delete nothing before we have agreed on it.
4. Give the text of the statements to the practices, so that they find whom it concerns.

You may have duties of your own under the Privacy Act 1988. ${gap('whom you can ask')}
`.trim(),
  };
}
