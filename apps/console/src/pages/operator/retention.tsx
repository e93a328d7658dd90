/** The schedule, what is planned, held and gone, of everybody: counts and times. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { OperatorRetention, PlacedHold, TenantPlan } from '#libs/console-api/retention.js';
import { readOperatorRetention, retentionKey } from '#apps/console/src/api/retention.js';
import { PlacedNotice } from '#apps/console/src/retention/hold-dialog.js';
import { HoldTable } from '#apps/console/src/retention/hold-table.js';
import { RegisterTable } from '#apps/console/src/retention/register-table.js';
import { countWords, kindWords } from '#apps/console/src/retention/retention-words.js';
import { Schedule } from '#apps/console/src/retention/schedule-table.js';
import { UndoDialog } from '#apps/console/src/retention/undo-dialog.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { Tabs } from '#apps/console/src/ui/tabs.js';
import { OperatorPage } from './operator-page.js';
import { TenantHoldDialog } from './tenant-hold-dialog.js';

export default function Retention() {
  const found = useQuery({ queryKey: retentionKey({}), queryFn: readOperatorRetention });
  return (
    <OperatorPage
      wide
      title="What is kept"
      lead="For how long, what goes next, and what is held back: counts and times, no contents."
    >
      <Asked query={found}>
        {({ rules, swept, kept, register, ...content }) => (
          <Tabs
            label="What is kept"
            parts={[
              {
                id: 'schedule',
                label: 'How long',
                content: <Schedule {...{ rules, swept, kept }} />,
              },
              { id: 'plans', label: 'Planned', content: <Plans {...content} /> },
              { id: 'holds', label: 'Holds', content: <Holds holds={content.holds} /> },
              { id: 'gone', label: 'Gone', content: <RegisterTable register={register} /> },
            ]}
          />
        )}
      </Asked>
    </OperatorPage>
  );
}

function Plans({ plans, plansTotal }: Pick<OperatorRetention, 'plans' | 'plansTotal'>) {
  const [asked, setAsked] = useState<TenantPlan>();
  return (
    <>
      {plansTotal > plans.length && (
        <Notice title={`${plansTotal.toLocaleString('en-AU')} destructions are planned`}>
          The {plans.length} that come first are shown.
        </Notice>
      )}
      <Table
        caption="What is planned to be destroyed, the first before the others"
        columns={[...planColumns, undoColumn(setAsked)]}
        rows={plans}
        rowKey={({ planId }) => planId}
        empty={
          <Empty title="Nothing is planned">
            What comes due is planned a week ahead, and waits here before it goes.
          </Empty>
        }
      />
      {asked && (
        <UndoDialog
          place={{}}
          plans={{
            kind: asked.kind,
            ...(asked.practiceId !== undefined && { practiceId: asked.practiceId }),
            ...(asked.integratorId !== undefined && { integratorId: asked.integratorId }),
          }}
          records={asked.records}
          whose={whoseWords(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  );
}

const whoseWords = ({ practiceName, integratorName }: TenantPlan): string =>
  [practiceName, integratorName].filter(Boolean).join(', ') || 'nobody in particular';

const planColumns: Column<TenantPlan>[] = [
  {
    key: 'what',
    label: 'What',
    cell: (plan) => (
      <span className="two-lines">
        <strong>
          {kindWords[plan.kind]}: {countWords(plan.records)}
        </strong>
        <span className="quiet">{whoseWords(plan)}</span>
      </span>
    ),
  },
  {
    key: 'time',
    label: 'Of which time',
    cell: ({ oldest, newest }) => (
      <span>
        {oldest !== undefined && <DateTime value={oldest} precision="day" />} to{' '}
        {newest !== undefined && <DateTime value={newest} precision="day" />}
      </span>
    ),
  },
  {
    key: 'when',
    label: 'Goes after',
    cell: ({ executeAfter }) => <DateTime value={executeAfter} />,
  },
];

const undoColumn = (onUndo: (plan: TenantPlan) => void): Column<TenantPlan> => ({
  ...actsColumn,
  cell: (plan) =>
    (plan.practiceId ?? plan.integratorId) !== undefined && (
      <Button
        aria-label={`Undo: ${kindWords[plan.kind]} of ${whoseWords(plan)}`}
        onPress={() => onUndo(plan)}
      >
        Undo
      </Button>
    ),
});

function Holds({ holds }: Pick<OperatorRetention, 'holds'>) {
  const [isAsking, setAsking] = useState(false);
  const [placed, setPlaced] = useState<PlacedHold>();
  return (
    <div className="stack">
      {placed && <PlacedNotice placed={placed} />}
      <HoldTable place={{}} holds={holds} mayLift />
      <div className="cluster">
        <Button onPress={() => setAsking(true)}>Place a hold</Button>
      </div>
      {isAsking && (
        <TenantHoldDialog
          onPlaced={(answer) => {
            setPlaced(answer);
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
