/**
 * Drafts the statement about an eligible data breach: its four parts (Privacy Act 1988, s 26WK(3)), filled with what
 * the records say. What they cannot say is a gap that a person fills; nothing is guessed. Pure.
 */
import type { StatementPart } from '#libs/console-api/incidents.js';
import { purposeText } from '#libs/grants/purpose-words.js';
import {
  dayInWords,
  DRILL_LINE,
  gap,
  listed,
  nameOf,
  spanOf,
  type IncidentFacts,
} from '#libs/incidents/incident-facts.js';

export function draftStatement(facts: IncidentFacts): Record<StatementPart, string> {
  const drill = facts.drill ? `${DRILL_LINE}\n\n` : '';
  return {
    identity: drill + identity(facts),
    description: drill + description(facts),
    kinds: drill + kinds(facts),
    steps: drill + steps(facts),
  };
}

function identity(facts: IncidentFacts): string {
  const practices = facts.pack?.practices.map(({ id }) => nameOf(facts, id)) ?? [];
  const [only] = practices;
  const who = practices.length === 1 && only !== undefined ? only : gap('the entity’s name');
  const others =
    practices.length > 1
      ? `\n\nOther entities that the breach concerns: ${listed(practices)}. Each states its own, or one for all (s 26WM).`
      : '';
  return `${who}
ABN: ${gap('ABN')}
Contact: ${gap('name, role, telephone and e-mail of whom people can ask')}${others}`;
}

function description(facts: IncidentFacts): string {
  const { pack, frozen } = facts;
  const software = pack?.integrators.map(({ id }) => nameOf(facts, id)) ?? [];
  const what = pack
    ? `${spanOf(facts).replace('between', 'Between')}, ${listed(software) || 'no software'} made ${pack.totals.queries} queries of the practice’s records, of which ${pack.totals.executed} were run and ${pack.totals.answered} answered.`
    : gap('what the evidence pack says: gather one first');
  const contained =
    frozen.length > 0
      ? `To contain it, these were stopped: ${listed(frozen.map(({ words }) => words))}.`
      : gap('what was done to contain it');
  return `${facts.title}

We became aware on ${dayInWords(facts.awareOn)}. ${what} ${gap('what happened, who may have obtained the information, and why you think so')}

${contained}`;
}

function kinds({ pack }: IncidentFacts): string {
  const purposes = pack?.purposes.map(({ id }) => purposeText(id).toLowerCase()) ?? [];
  const known =
    purposes.length > 0
      ? `The software’s permission was for: ${purposes.join('; ')}. What it read is not kept anywhere on the way.`
      : 'What was read is not kept anywhere on the way.';
  return `${known}

${gap('the particular kinds of information, from the statements that were run: for example names, contact details, appointments, diagnoses, results, Medicare numbers')}`;
}

function steps({ myHealthRecord }: IncidentFacts): string {
  const ofRecord =
    myHealthRecord === 'yes'
      ? '\n- Look at who has opened your My Health Record: my.gov.au, or telephone 1800 723 471.'
      : '';
  return `We recommend that you:

- Be careful with calls, messages and mail that speak of your health or your appointments, and call the practice back on a number you know.
- Tell us if anything in your record or your bills looks wrong.
- If a Medicare number was involved, ask Services Australia about replacing your card.${ofRecord}
- ${gap('what else fits the kinds of information')}

You may complain to us, and to the Office of the Australian Information Commissioner: oaic.gov.au, 1300 363 992.`;
}
