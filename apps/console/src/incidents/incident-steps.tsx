/** The way through an incident: what each step has come to, and the one to go on with. */
import { useState } from 'react';
import { areNotified, type Incident } from '#libs/console-api/incidents.js';
import { outcomeWords } from '#libs/console-api/incident-words.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { Section } from '#apps/console/src/ui/page.js';
import type { IncidentPartProps } from './use-incident.js';

interface Step {
  /** The last word of its address. */
  part: string;
  label: string;
  says: string;
  isDone: boolean;
}

const plural = (count: number, one: string, many: string): string =>
  count === 1 ? `1 ${one}` : `${count} ${many}`;

/** In the order in which they are taken; a step that this incident does not need is not there. */
export function stepsOf(incident: Incident): Step[] {
  const { freezes, frozen, packs, decisions, statements, letters, drill } = incident;
  const [decision] = decisions;
  const isQuiet = decision?.outcome === 'not-eligible';
  const pack = packs.find(({ state }) => state === 'ready');
  const unsent = letters.filter(({ sentOn }) => sentOn === undefined).length;
  const [statement] = statements;
  const steps: (Step | false)[] = [
    !drill && {
      part: 'freeze',
      label: 'Freeze what may do more harm',
      says: freezeSays(freezes.length, frozen),
      isDone: freezes.length > 0,
    },
    {
      part: 'evidence',
      label: 'Gather the evidence',
      says:
        pack === undefined
          ? 'Not gathered yet.'
          : `Gathered: ${plural(pack.queries ?? 0, 'query', 'queries')}.`,
      isDone: pack !== undefined,
    },
    {
      part: 'decision',
      label: 'Decide',
      says:
        decision === undefined ? 'Nothing is decided yet.' : `${outcomeWords[decision.outcome]}.`,
      isDone: decision !== undefined,
    },
    !isQuiet && {
      part: 'statement',
      label: 'Write the statement',
      says: statementSays(statement),
      isDone: statement?.gaps === 0,
    },
    !isQuiet && {
      part: 'letters',
      label: 'Tell those who have to know',
      says:
        letters.length === 0
          ? 'No letters are drafted yet.'
          : unsent === 0
            ? 'Everybody was told.'
            : `${plural(unsent, 'letter', 'letters')} of ${letters.length} not sent yet.`,
      isDone: letters.length > 0 && unsent === 0,
    },
  ];
  return steps.filter((step) => step !== false);
}

function freezeSays(all: number, frozen: number): string {
  if (frozen > 0) return `${plural(frozen, 'thing is', 'things are')} frozen now.`;
  return all === 0 ? 'Nothing is frozen.' : 'What was frozen has ended.';
}

function statementSays(statement: Incident['statements'][number] | undefined): string {
  if (!statement) return 'Not written yet.';
  const gaps = statement.gaps === 0 ? 'no gaps' : plural(statement.gaps, 'gap', 'gaps');
  return `Version ${statement.version}, ${gaps} left.`;
}

export function IncidentSteps(props: IncidentPartProps) {
  const { place, incident } = props;
  const steps = stepsOf(incident);
  const next = incident.state === 'closed' ? undefined : steps.find(({ isDone }) => !isDone);
  return (
    <Section title="Step by step">
      <ol className="incident-steps">
        {steps.map((step) => (
          <li
            key={step.part}
            className={step === next ? 'incident-step incident-step--next' : 'incident-step'}
          >
            <div>
              <strong>{step.label}</strong>
              <span className="quiet">{step.says}</span>
            </div>
            <ButtonLink
              to={`${place.path}/${incident.incidentId}/${step.part}`}
              look={step === next && incident.mayChange ? 'main' : 'plain'}
              aria-label={`Open: ${step.label}`}
            >
              Open
            </ButtonLink>
          </li>
        ))}
      </ol>
      {incident.mayChange && <LastSteps {...props} />}
    </Section>
  );
}

type LastStep = 'notified' | 'close';

const deeds: Record<LastStep, string> = {
  notified: 'Everybody was notified',
  close: 'Close the incident',
};

/** What can be done last, as it stands; a drill tells nobody, and ends whenever one has seen enough. */
function lastStepOf({ state, drill }: Incident): LastStep | undefined {
  if (state === 'closed') return undefined;
  if (drill || state === 'not-eligible' || state === 'notified') return 'close';
  return state === 'eligible' ? 'notified' : undefined;
}

/** What has to come before it, as the broker sees it too. */
function comesFirst(
  step: LastStep,
  { frozen, letters, myHealthRecord }: Incident,
): string | undefined {
  if (step === 'close')
    return frozen > 0 ? 'It can be closed once nothing is frozen any more.' : undefined;
  const sent = letters.map(({ recipient, sentOn }) => ({
    recipient,
    isSent: sentOn !== undefined,
  }));
  return areNotified(myHealthRecord, sent)
    ? undefined
    : 'Draft the letters and note each of them as sent before this.';
}

/** Saying that everybody was told, and closing: each once, each with the passkey. */
function LastSteps({ incident, calls, onChanged }: IncidentPartProps) {
  const [asked, setAsked] = useState<LastStep>();
  const { incidentId } = incident;
  const done = () => {
    setAsked(undefined);
    void onChanged();
  };
  const step = lastStepOf(incident);
  if (step === undefined) return null;
  const first = comesFirst(step, incident);
  return (
    <>
      <div className="cluster">
        <Button look="main" isDisabled={first !== undefined} onPress={() => setAsked(step)}>
          {deeds[step]}
        </Button>
        {first !== undefined && <span className="quiet">{first}</span>}
      </div>
      {asked === 'notified' && (
        <StepUpDialog
          title="Was everybody notified?"
          deed="Yes, everybody"
          action={{ type: 'incident.notified', incidentId }}
          act={calls.notified}
          onDone={done}
          onClose={() => setAsked(undefined)}
        >
          <p>
            The regulator, the practices, and through them the people concerned. It is recorded that
            you say so.
          </p>
        </StepUpDialog>
      )}
      {asked === 'close' && (
        <StepUpDialog
          title="Close the incident?"
          deed="Close it"
          action={{ type: 'incident.close', incidentId }}
          act={calls.close}
          onDone={done}
          onClose={() => setAsked(undefined)}
        >
          <p>Nothing of it can be changed after that. It stays readable, and can be exported.</p>
        </StepUpDialog>
      )}
    </>
  );
}
