/** Whether it has to be notified: first My Health Record, then the decision with its grounds and reasons. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import {
  decisionGrounds,
  MOST_REASONS_CHARACTERS,
  myHealthRecordAnswers,
  weighedMatters,
  type Decision,
  type DecisionGround,
  type DecisionOutcome,
  type Incident,
  type MyHealthRecordAnswer,
  type WeighedMatter,
} from '#libs/console-api/incidents.js';
import {
  groundWords,
  myHealthRecordWords,
  outcomeWords,
  weighedWords,
} from '#libs/console-api/incident-words.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CheckboxGroup, RadioGroup } from '#apps/console/src/ui/choices.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import type { IncidentPartProps } from './use-incident.js';

export function DecisionPart(props: IncidentPartProps) {
  const { incident } = props;
  const [latest, ...earlier] = incident.decisions;
  const mayDecide = incident.mayChange && incident.state !== 'closed';
  return (
    <>
      {latest ? (
        <DecisionShown decision={latest} />
      ) : (
        !mayDecide && <Empty title="Nothing has been decided yet" />
      )}
      {mayDecide && (
        <>
          <MyHealthRecord {...props} />
          <Decide {...props} />
        </>
      )}
      {earlier.length > 0 && (
        <Section title="Decided before">
          {earlier.map((decision) => (
            <DecisionShown key={decision.decisionId} decision={decision} />
          ))}
        </Section>
      )}
    </>
  );
}

function DecisionShown({ decision }: { decision: Decision }) {
  const { outcome, at, byName, grounds, weighed, reasons, packHash } = decision;
  return (
    <div className="panel">
      <h3>{outcomeWords[outcome]}</h3>
      <p className="quiet">
        <DateTime value={at} />
        {byName !== undefined && ` by ${byName}`}
      </p>
      <Facts
        facts={[
          { label: 'Grounds', value: grounds.map((one) => groundWords[one]).join('; ') },
          { label: 'Weighed', value: weighed.map((one) => weighedWords[one]).join('; ') || '–' },
          { label: 'Evidence', value: packHash ? <code>{packHash}</code> : 'None was gathered' },
        ]}
      />
      <p className="as-written">{reasons}</p>
    </div>
  );
}

function MyHealthRecord({ incident, calls, onChanged }: IncidentPartProps) {
  const [answer, setAnswer] = useState<MyHealthRecordAnswer>(incident.myHealthRecord);
  const save = useMutation({
    mutationFn: () => calls.answerMyHealthRecord(answer),
    onSuccess: onChanged,
  });
  return (
    <Section title="My Health Record">
      <RadioGroup
        label="May data of My Health Record be involved?"
        hint="What the practice’s software fetched from there counts too."
        choices={myHealthRecordAnswers.map((value) => ({
          value,
          label: myHealthRecordWords[value],
        }))}
        value={answer}
        onChange={(value) => setAnswer(value as MyHealthRecordAnswer)}
      />
      {answer !== incident.myHealthRecord && (
        <div className="cluster">
          <Button isPending={save.isPending} onPress={() => save.mutate()}>
            Save this answer
          </Button>
        </div>
      )}
      {save.isError && <ProblemNotice error={save.error} />}
      {incident.myHealthRecord === 'yes' && (
        <Notice tone="warning" title="No harm has to be weighed">
          The My Health Records Act asks for a notification as soon as it may have happened: to the
          System Operator and to the Information Commissioner, without delay.
        </Notice>
      )}
    </Section>
  );
}

/** What can be decided under an answer, each with a reason where it can't. */
function outcomesUnder(answer: MyHealthRecordAnswer): DecisionOutcome[] {
  if (answer === 'yes') return ['my-health-record'];
  return answer === 'no' ? ['eligible', 'not-eligible'] : ['eligible'];
}

const newestHash = ({ packs }: Incident): string | undefined =>
  packs.find(({ state }) => state === 'ready')?.hash;

function Decide({ incident, calls, onChanged }: IncidentPartProps) {
  const outcomes = outcomesUnder(incident.myHealthRecord);
  const [chosen, setOutcome] = useState<DecisionOutcome | null>(null);
  // Another answer about My Health Record may leave no room for it.
  const outcome = chosen !== null && outcomes.includes(chosen) ? chosen : null;
  const [grounds, setGrounds] = useState<string[]>([]);
  const [weighed, setWeighed] = useState<string[]>([]);
  const [reasons, setReasons] = useState('');
  const [isAsking, setAsking] = useState(false);
  const packHash = newestHash(incident);
  const isWhole = outcome !== null && grounds.length > 0 && reasons.trim() !== '';
  const wanted = {
    outcome: outcome as DecisionOutcome,
    grounds: grounds as DecisionGround[],
    weighed: weighed as WeighedMatter[],
    reasons: reasons.trim(),
    ...(packHash !== undefined && { packHash }),
  };
  return (
    <Section
      title={incident.decisions.length === 0 ? 'Decide' : 'Decide anew'}
      lead="An eligible breach is one of personal information that is likely to do somebody serious harm, and that could not be prevented."
    >
      {packHash === undefined && (
        <Notice tone="warning" title="No evidence was gathered">
          You can decide without. What you decide then stands on your reasons alone.
        </Notice>
      )}
      <RadioGroup
        label="What is it?"
        {...(incident.myHealthRecord === 'unknown' && {
          hint: 'Say first whether My Health Record is involved to be able to decide that nobody has to be told.',
        })}
        choices={outcomes.map((value) => ({ value, label: outcomeWords[value] }))}
        value={outcome}
        onChange={(value) => {
          setOutcome(value as DecisionOutcome);
          setGrounds([]);
        }}
      />
      {outcome !== null && (
        <>
          <CheckboxGroup
            label="On which grounds?"
            choices={decisionGrounds[outcome].map((value) => ({
              value,
              label: groundWords[value],
            }))}
            value={grounds}
            onChange={setGrounds}
          />
          {outcome !== 'my-health-record' && (
            <CheckboxGroup
              label="What did you weigh?"
              hint="The matters that the Privacy Act names, section 26WG."
              choices={weighedMatters.map((value) => ({ value, label: weighedWords[value] }))}
              value={weighed}
              onChange={setWeighed}
            />
          )}
          <TextField
            label="Reasons"
            hint="So that somebody who was not there can follow them. No patients, no health information."
            rows={6}
            value={reasons}
            onChange={setReasons}
            maxLength={MOST_REASONS_CHARACTERS}
          />
          <div className="cluster">
            <Button look="main" isDisabled={!isWhole} onPress={() => setAsking(true)}>
              Decide
            </Button>
          </div>
        </>
      )}
      {isAsking && (
        <StepUpDialog
          title="Decide this?"
          deed="Decide"
          action={{ type: 'incident.decide', incidentId: incident.incidentId, ...wanted }}
          act={(stepUp) => calls.decide({ ...wanted, stepUp })}
          onDone={() => {
            setAsking(false);
            void onChanged();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            <strong>{outcomeWords[wanted.outcome]}.</strong>
          </p>
          <p>It is recorded with your name, and can’t be changed: only replaced by another one.</p>
        </StepUpDialog>
      )}
    </Section>
  );
}
