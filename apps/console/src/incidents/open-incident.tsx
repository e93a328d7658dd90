/** Opening an incident: what is suspected, since when, and where to look. Everything but the first day can change later. */
import { use, useState, type ReactNode } from 'react';
import { useNavigate, useSearchParams, Link } from 'react-router';
import {
  INCIDENT_CLOCK_DAYS,
  MOST_TITLE_CHARACTERS,
  myHealthRecordAnswers,
  noticedWays,
  type IncidentScope,
  type IncidentSource,
  type MyHealthRecordAnswer,
  type NoticedWay,
} from '#libs/console-api/incidents.js';
import { myHealthRecordWords, noticedWords } from '#libs/console-api/incident-words.js';
import type { ActionText } from '#libs/console-api/session.js';
import { dateThere, startOfDateMs } from '#libs/kernel/local-day.js';
import { openIncident, type IncidentPlace } from '#apps/console/src/api/incidents.js';
import { toProblem } from '#apps/console/src/api/request.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { ZoneContext } from '#apps/console/src/ui/date-time.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { MomentField, ScopeFields } from './scope-fields.js';

const DAYS_BACK = 7;
const DAY_MS = 86_400_000;

export interface OpenIncidentProps {
  place: IncidentPlace;
  /** Fields that add ids to the scope, and what ids are called. */
  picker: (
    scope: IncidentScope,
    onChange: (scope: IncidentScope, names?: Record<string, string>) => void,
  ) => ReactNode;
}

/** `?agent=…`, or `?records=…&from=…&to=…`: from where the page was come to. */
function sourceOf(search: URLSearchParams): IncidentSource | undefined {
  const [agentId, reconciliationIncidentId] = [search.get('agent'), search.get('records')];
  if (agentId) return { kind: 'log-alarm', agentId };
  return reconciliationIncidentId
    ? { kind: 'records-differ', reconciliationIncidentId }
    : undefined;
}

export function OpenIncident({ place, picker }: OpenIncidentProps) {
  const timeZone = use(ZoneContext);
  const [search] = useSearchParams();
  const source = sourceOf(search);
  const [title, setTitle] = useState('');
  const [noticed, setNoticed] = useState<string | null>(source?.kind ?? null);
  const [myHealthRecord, setMyHealthRecord] = useState<MyHealthRecordAnswer>('unknown');
  const [awareAt, setAwareAt] = useState(() => new Date().toISOString());
  const [names, setNames] = useState<Record<string, string>>({});
  const [scope, setScope] = useState<IncidentScope>(() => ({
    ...{ practices: [], sites: [], integrators: [], keys: [] },
    agents: source?.kind === 'log-alarm' ? [source.agentId] : [],
    from: firstMoment(timeZone),
    to: new Date().toISOString(),
  }));
  const [isAsking, setAsking] = useState(false);
  const change = (changed: IncidentScope, more: Record<string, string> = {}) => {
    setScope(changed);
    setNames({ ...names, ...more });
  };
  const isWhole =
    title.trim() !== '' && noticed !== null && ![awareAt, scope.from, scope.to].includes('');
  const wanted = {
    ...{ title: title.trim(), noticed: noticed as NoticedWay, awareAt, myHealthRecord, scope },
    ...(source && { source }),
  };
  return (
    <div className="stack">
      <TextField
        label="What is suspected"
        hint={`In a few words. Name no patient, and nothing about anybody’s health.${
          place.practiceId === undefined ? ' Practices that are told of it read it: name none.' : ''
        }`}
        value={title}
        onChange={setTitle}
        maxLength={MOST_TITLE_CHARACTERS}
        autoComplete="off"
      />
      <MomentField
        label="When somebody first suspected it"
        hint={`The ${INCIDENT_CLOCK_DAYS} days of the assessment begin with this day.`}
        value={awareAt}
        onChange={setAwareAt}
      />
      <Select
        label="How it was noticed"
        options={noticedWays.map((value) => ({ value, label: noticedWords[value] }))}
        value={noticed}
        onChange={setNoticed}
      />
      <RadioGroup
        label="May data of My Health Record be involved?"
        hint="Then it has to be notified whatever the harm. You can change the answer."
        choices={myHealthRecordAnswers.map((value) => ({
          value,
          label: myHealthRecordWords[value],
        }))}
        value={myHealthRecord}
        onChange={(value) => setMyHealthRecord(value as MyHealthRecordAnswer)}
      />
      <Section
        title="Where to look"
        lead="Records of this time that have to do with what is chosen. It can be changed later."
      >
        <ScopeFields scope={scope} onChange={change} names={names}>
          {picker(scope, change)}
        </ScopeFields>
      </Section>
      <div className="cluster">
        <Button look="main" isDisabled={!isWhole} onPress={() => setAsking(true)}>
          Open the incident
        </Button>
      </div>
      {isAsking && <AskDialog place={place} wanted={wanted} onClose={() => setAsking(false)} />}
    </div>
  );
}

/** Of the day a week ago. */
function firstMoment(timeZone: string): string {
  const day = dateThere(Date.now() - DAYS_BACK * DAY_MS, timeZone);
  return new Date(startOfDateMs(day, timeZone) ?? Date.now()).toISOString();
}

interface AskDialogProps {
  place: IncidentPlace;
  wanted: Omit<Parameters<typeof openIncident>[1], 'stepUp'>;
  onClose: () => void;
}

function AskDialog({ place, wanted, onClose }: AskDialogProps) {
  const navigate = useNavigate();
  const [other, setOther] = useState<string>();
  const { practiceId, path } = place;
  const action = { type: 'incident.open', ...(practiceId && { practiceId }), ...wanted };
  return (
    <StepUpDialog
      title="Open this incident?"
      deed="Open it"
      action={action as unknown as ActionText}
      act={async (stepUp) => {
        try {
          const { incidentId } = await openIncident(place, { ...wanted, stepUp });
          await navigate(`${path}/${incidentId}`);
        } catch (error) {
          setOther(toProblem(error).incidentId);
          throw error;
        }
      }}
      onDone={onClose}
      onClose={onClose}
    >
      <p>
        <strong>{wanted.title}</strong>
      </p>
      <p>
        It is recorded that you opened it. Nothing is stopped and nobody is told by that: those are
        the next steps.
      </p>
      {other !== undefined && (
        <p>
          <Link to={`${path}/${other}`}>Go to the one that is open</Link>
        </p>
      )}
    </StepUpDialog>
  );
}
