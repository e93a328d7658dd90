/** What is frozen, and freezing more: whom it would hit is shown before anything is done. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  freezeKinds,
  type Freeze,
  type FreezeKind,
  type FreezePreview,
  type Incident,
} from '#libs/console-api/incidents.js';
import { freezeWords } from '#libs/console-api/incident-words.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog } from '#apps/console/src/ui/dialog.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Select } from '#apps/console/src/ui/select.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { nameIn, type IncidentPartProps } from './use-incident.js';

interface Target {
  kind: FreezeKind;
  targetId: string;
}

export function FreezePart(props: IncidentPartProps) {
  const { incident } = props;
  const [thawing, setThawing] = useState<Freeze>();
  const mayAct = incident.mayChange && !incident.drill && incident.state !== 'closed';
  return (
    <>
      <Table
        caption="What was frozen"
        columns={columns(incident, mayAct ? setThawing : undefined)}
        rows={incident.freezes}
        rowKey={({ freezeId }) => freezeId}
        empty={
          <Empty title="Nothing is frozen">
            {incident.drill
              ? 'A drill freezes nothing real.'
              : 'Choose below what to stop. You see whom it hits before you confirm.'}
          </Empty>
        }
      />
      {mayAct && <FreezeMore {...props} />}
      {thawing && <ThawDialog {...props} freeze={thawing} onClose={() => setThawing(undefined)} />}
    </>
  );
}

const columns = (
  incident: Incident,
  onThaw: ((freeze: Freeze) => void) | undefined,
): Column<Freeze>[] => [
  {
    key: 'what',
    label: 'What',
    cell: ({ kind, targetId, practiceId }) => (
      <span>
        <strong>{nameIn(incident, targetId)}</strong>
        <br />
        <span className="quiet">
          {freezeWords[kind]}
          {practiceId !== undefined && `, for ${nameIn(incident, practiceId)} only`}
        </span>
      </span>
    ),
  },
  {
    key: 'since',
    label: 'Frozen',
    cell: ({ frozenAt, byName }) => (
      <span>
        <DateTime value={frozenAt} />
        {byName !== undefined && <span className="quiet"> by {byName}</span>}
      </span>
    ),
  },
  { key: 'state', label: 'State', cell: (freeze) => <FreezeState freeze={freeze} /> },
  ...(onThaw
    ? [
        {
          ...actsColumn,
          cell: (freeze: Freeze) =>
            freeze.thawedAt === undefined &&
            !freeze.thawIsOwn && (
              <Button
                aria-label={`${thawLabel(freeze)}: ${nameIn(incident, freeze.targetId)}`}
                onPress={() => onThaw(freeze)}
              >
                {thawLabel(freeze)}
              </Button>
            ),
        },
      ]
    : []),
];

const thawLabel = ({ thawAskedAt }: Freeze): string =>
  thawAskedAt === undefined ? 'End it' : 'Confirm its end';

function FreezeState({ freeze }: { freeze: Freeze }) {
  const { thawedAt, thawAskedAt, thawAskedByName, thawIsOwn } = freeze;
  if (thawedAt !== undefined)
    return (
      <span>
        Ended <DateTime value={thawedAt} />
      </span>
    );
  if (thawAskedAt === undefined) return <Badge tone="bad">Frozen</Badge>;
  return (
    <span className="cluster">
      <Badge tone="bad">Frozen</Badge>
      <span>
        {thawIsOwn
          ? 'You asked for its end; another officer confirms it.'
          : `${thawAskedByName ?? 'Somebody'} asked for its end.`}
      </span>
    </span>
  );
}

/** Of each kind, what the incident itself speaks of. */
function targetsOf({ scope, practiceId }: Incident): Record<FreezeKind, readonly string[]> {
  const isPractice = practiceId !== undefined;
  return {
    integrator: scope.integrators,
    key: isPractice ? [] : scope.keys,
    site: scope.sites,
    agent: isPractice ? [] : scope.agents,
  };
}

const OTHER = 'other';

function FreezeMore(props: IncidentPartProps) {
  const { place, incident } = props;
  const offered = place.practiceId === undefined ? freezeKinds : (['integrator', 'site'] as const);
  const [kind, setKind] = useState<FreezeKind>('integrator');
  const [chosen, setChosen] = useState<string>();
  const [typed, setTyped] = useState('');
  const [target, setTarget] = useState<Target>();
  const own = targetsOf(incident)[kind];
  const choice = chosen ?? own[0] ?? OTHER;
  const targetId = choice === OTHER ? typed.trim() : choice;
  return (
    <Section title="Freeze something">
      <div className="fields">
        <Select
          label="What"
          options={offered.map((value) => ({ value, label: freezeWords[value] }))}
          value={kind}
          onChange={(value) => {
            setKind(value as FreezeKind);
            setChosen(undefined);
          }}
        />
        <Select
          label="Which"
          options={[
            ...own.map((value) => ({ value, label: nameIn(incident, value) })),
            { value: OTHER, label: 'Another, by its id' },
          ]}
          value={choice}
          onChange={setChosen}
        />
        {choice === OTHER && (
          <TextField label="Its id" isCode value={typed} onChange={setTyped} maxLength={64} />
        )}
      </div>
      <div className="cluster">
        <Button
          look="main"
          isDisabled={targetId === ''}
          onPress={() => setTarget({ kind, targetId })}
        >
          See whom it hits
        </Button>
      </div>
      {target && <PreviewDialog {...props} target={target} onClose={() => setTarget(undefined)} />}
    </Section>
  );
}

interface PreviewDialogProps extends IncidentPartProps {
  target: Target;
  onClose: () => void;
}

function PreviewDialog(props: PreviewDialogProps) {
  const { incident, calls, onChanged, target, onClose } = props;
  const { kind, targetId } = target;
  const { incidentId } = incident;
  const preview = useQuery({
    queryKey: ['freeze-preview', incidentId, kind, targetId],
    queryFn: () => calls.previewFreeze(kind, targetId),
    // What is signed is what was looked at, so it is not looked at again meanwhile.
    staleTime: Infinity,
    gcTime: 0,
  });
  const found = preview.data;
  if (!found || found.isFrozen) {
    return (
      <Dialog title="Whom it hits" isOpen onClose={onClose}>
        <Asked query={preview}>
          {({ name }) => (
            <Notice title="It is frozen already">
              {name ?? targetId} is frozen, by this incident or another one.
            </Notice>
          )}
        </Asked>
        <Button onPress={onClose}>Close</Button>
      </Dialog>
    );
  }
  return (
    <StepUpDialog
      title={`Freeze ${found.name ?? targetId}?`}
      deed="Freeze now"
      isDanger
      action={{ type: 'incident.freeze', incidentId, kind, targetId, reach: found.reach }}
      act={(stepUp) => calls.freeze({ kind, targetId, stepUp })}
      onDone={() => {
        toast('Frozen');
        void onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      <Preview found={found} />
    </StepUpDialog>
  );
}

/** What is counted of each kind: that is not the same, as a freeze does not stop the same. */
const waitWords: Record<FreezeKind, string> = {
  integrator: 'Its queries that wait',
  key: 'Queries of its software that wait, with any key',
  site: 'Queries that wait there, of all software',
  agent: 'Queries that wait there, of all software',
};

const timetableWords: Record<FreezeKind, string> = {
  integrator: 'Timetables that miss turns',
  key: 'Timetables whose results nobody can fetch',
  site: 'Timetables whose results nobody can fetch',
  agent: 'Timetables whose results nobody can fetch',
};

function Preview({ found }: { found: FreezePreview }) {
  const { kind, practices, sites, integrators, queriesWaiting } = found;
  const named = (list: readonly { name: string }[]): string =>
    list.length === 0 ? 'None' : list.map(({ name }) => name).join(', ');
  return (
    <>
      <Facts
        facts={[
          { label: 'Practices', value: named(practices) },
          { label: 'Sites', value: named(sites) },
          { label: 'Software', value: named(integrators) },
          { label: 'Keys refused', value: found.keys },
          {
            label: 'Immediate queries cut off, of those on this node',
            value: found.queriesRunning,
          },
          { label: waitWords[kind], value: queriesWaiting ?? 'Nobody can say just now' },
          { label: timetableWords[kind], value: found.registeredQueries },
        ]}
      />
      {found.words.map((words) => (
        <p key={words}>{words}</p>
      ))}
    </>
  );
}

function ThawDialog(props: IncidentPartProps & { freeze: Freeze; onClose: () => void }) {
  const { incident, calls, onChanged, freeze, onClose } = props;
  const { incidentId } = incident;
  const { freezeId, targetId, thawAskedAt } = freeze;
  return (
    <StepUpDialog
      title={`End the freeze of ${nameIn(incident, targetId)}?`}
      deed={thawLabel(freeze)}
      action={{ type: 'incident.thaw', incidentId, freezeId }}
      act={async (stepUp) => {
        const { thaw } = await calls.thaw(freezeId, stepUp);
        toast(thaw === 'done' ? 'It is not frozen any more' : 'Another officer has to confirm it');
      }}
      onDone={() => {
        void onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      <p>
        {thawAskedAt === undefined && incident.practiceId === undefined
          ? 'It goes on working once a second officer has confirmed it.'
          : 'It goes on working at once, as it was permitted before.'}
      </p>
    </StepUpDialog>
  );
}
