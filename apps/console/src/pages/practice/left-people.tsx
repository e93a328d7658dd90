import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { RETENTION_WAIT_DAYS, type LeftPerson } from '#libs/console-api/retention.js';
import { eraseName, retentionKey } from '#apps/console/src/api/retention.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';

export interface LeftPeopleProps {
  practiceId: string;
  left: readonly LeftPerson[];
  mayErase: boolean;
}

/** People without a role any more: their names go by themselves, or sooner when an owner asks. */
export function LeftPeople({ practiceId, left, mayErase }: LeftPeopleProps) {
  const [asked, setAsked] = useState<LeftPerson>();
  const erase: Column<LeftPerson> = {
    ...actsColumn,
    cell: (person) =>
      person.erasedAfter === undefined &&
      !person.isHeld && (
        <Button aria-label={`Erase the name of ${person.name}`} onPress={() => setAsked(person)}>
          Erase the name
        </Button>
      ),
  };
  return (
    <>
      <Table
        caption="People who have left and whose names are still known"
        columns={[...columns, ...(mayErase ? [erase] : [])]}
        rows={left}
        rowKey={({ personId }) => personId}
        empty={
          <Empty title="Nobody’s name is left">
            When somebody’s last role ends, they show up here. Ninety days later their name goes by
            itself.
          </Empty>
        }
      />
      {asked && (
        <EraseDialog practiceId={practiceId} person={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

const columns: Column<LeftPerson>[] = [
  { key: 'name', label: 'Who', cell: ({ name }) => <strong>{name}</strong> },
  {
    key: 'left',
    label: 'Left',
    cell: ({ leftAt }) => <DateTime value={leftAt} precision="day" />,
  },
  {
    key: 'erased',
    label: 'Name',
    cell: ({ erasedAfter, isHeld }) =>
      isHeld ? (
        <span>Stays: a hold keeps it until the hold is lifted</span>
      ) : erasedAfter === undefined ? (
        <span className="quiet">Goes 90 days after they left</span>
      ) : (
        <span>
          Is erased on <DateTime value={erasedAfter} precision="day" />
        </span>
      ),
  },
];

function EraseDialog(props: { practiceId: string; person: LeftPerson; onClose: () => void }) {
  const { practiceId, person, onClose } = props;
  const { personId, name } = person;
  const queries = useQueryClient();
  return (
    <StepUpDialog
      title={`Erase the name of ${name}?`}
      deed="Erase the name"
      isDanger
      action={{ type: 'name.erase', practiceId, subjectId: personId }}
      act={(stepUp) => eraseName(practiceId, personId, stepUp)}
      onDone={() => {
        toast(`It goes in ${RETENTION_WAIT_DAYS} days`);
        void queries.invalidateQueries({ queryKey: retentionKey({ practiceId }) });
        onClose();
      }}
      onClose={onClose}
    >
      <p>
        In {RETENTION_WAIT_DAYS} days their name, address and passkeys go. Activity then says “A
        person whose name was erased”; what they did stays provable. Until then it can be undone
        under How long.
      </p>
    </StepUpDialog>
  );
}
