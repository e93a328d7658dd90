/** Holds: what is kept back, by which side, and lifting one's own. */
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { HoldView } from '#libs/console-api/retention.js';
import { liftHold, retentionKey, type RetentionPlace } from '#apps/console/src/api/retention.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { kindWords } from './retention-words.js';

export interface HoldTableProps {
  place: RetentionPlace;
  holds: readonly HoldView[];
  mayLift: boolean;
}

export function HoldTable({ place, holds, mayLift }: HoldTableProps) {
  const [asked, setAsked] = useState<HoldView>();
  const own = place.practiceId === undefined ? 'operator' : 'practice';
  const lift: Column<HoldView> = {
    ...actsColumn,
    cell: (hold) =>
      hold.placedAs === own &&
      hold.liftedAt === undefined && (
        <Button aria-label={`Lift: ${reachOf(hold)}`} onPress={() => setAsked(hold)}>
          Lift
        </Button>
      ),
  };
  return (
    <>
      <Table
        caption="Holds, those in force before the others"
        columns={[...columns, ...(mayLift ? [lift] : [])]}
        rows={holds}
        rowKey={({ holdId }) => holdId}
        empty={
          <Empty title="Nothing is held">
            When a court, a regulator or a complaint may ask for records, place a hold: nothing of
            what it reaches is destroyed until it is lifted.
          </Empty>
        }
      />
      {asked && <LiftDialog place={place} hold={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const reachOf = ({ kind, practiceName, integratorName, siteName }: HoldView): string =>
  [kind === undefined ? 'All records' : kindWords[kind], practiceName, integratorName, siteName]
    .filter((part) => part !== undefined)
    .join(', ');

function span({ from, to }: HoldView): ReactNode {
  if (from === undefined && to === undefined) return 'Of any time';
  return (
    <>
      {from === undefined ? 'Until ' : 'From '}
      {from !== undefined && <DateTime value={from} precision="day" />}
      {from !== undefined && to !== undefined && ' to '}
      {to !== undefined && <DateTime value={to} precision="day" />}
    </>
  );
}

const columns: Column<HoldView>[] = [
  {
    key: 'what',
    label: 'What is held',
    cell: (hold) => (
      <span className="two-lines">
        <strong>{reachOf(hold)}</strong>
        <span className="quiet">{span(hold)}</span>
      </span>
    ),
  },
  { key: 'reason', label: 'Why', cell: ({ reason }) => reason ?? 'Conduit staff know why' },
  {
    key: 'placed',
    label: 'Placed',
    cell: ({ placedAt, placedBy }) => (
      <span className="two-lines">
        <DateTime value={placedAt} precision="day" />
        {placedBy !== undefined && <span className="quiet">{placedBy}</span>}
      </span>
    ),
  },
  {
    key: 'state',
    label: 'State',
    cell: ({ liftedAt }) =>
      liftedAt === undefined ? (
        <Badge tone="warning">In force</Badge>
      ) : (
        <span>
          Lifted <DateTime value={liftedAt} precision="day" />
        </span>
      ),
  },
];

function LiftDialog({
  place,
  hold,
  onClose,
}: {
  place: RetentionPlace;
  hold: HoldView;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const { holdId } = hold;
  return (
    <StepUpDialog
      title="Lift the hold?"
      deed="Lift the hold"
      action={{ type: 'hold.lift', ...place, holdId }}
      act={(stepUp) => liftHold(place, holdId, stepUp)}
      onDone={() => {
        toast('The hold is lifted');
        void queries.invalidateQueries({ queryKey: retentionKey(place) });
        onClose();
      }}
      onClose={onClose}
    >
      <p>
        {reachOf(hold)}: from now on the schedule counts again. Nothing goes at once: what is due is
        planned first and waits seven days.
      </p>
    </StepUpDialog>
  );
}
