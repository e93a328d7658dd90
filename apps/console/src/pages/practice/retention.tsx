/** What is kept of the practice, for how long, what goes next, and what its owner does about it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type {
  PlacedHold,
  PracticeRetention,
  RetentionRuleView,
} from '#libs/console-api/retention.js';
import { readPracticeRetention, retentionKey } from '#apps/console/src/api/retention.js';
import { PlacedNotice } from '#apps/console/src/retention/hold-dialog.js';
import { HoldTable } from '#apps/console/src/retention/hold-table.js';
import { RegisterTable } from '#apps/console/src/retention/register-table.js';
import { Schedule } from '#apps/console/src/retention/schedule-table.js';
import { UndoDialog } from '#apps/console/src/retention/undo-dialog.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Tabs } from '#apps/console/src/ui/tabs.js';
import { LeftPeople } from './left-people.js';
import { OwnHoldDialog } from './own-hold-dialog.js';
import { PeriodDialog } from './period-dialog.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';

export default function Retention() {
  const practiceId = usePracticeId();
  const found = useQuery({
    queryKey: retentionKey({ practiceId }),
    queryFn: () => readPracticeRetention(practiceId),
  });
  return (
    <PracticePage
      wide
      title="What is kept"
      lead="How long Conduit keeps what it knows of the practice. Patients’ records are never among it."
    >
      <Asked query={found}>
        {(content) => <Parts practiceId={practiceId} content={content} />}
      </Asked>
    </PracticePage>
  );
}

function Parts({ practiceId, content }: { practiceId: string; content: PracticeRetention }) {
  const { rules, swept, kept, holds, register, left } = content;
  const isOwner = useIs('practice-owner');
  const [undone, setUndone] = useState<RetentionRuleView>();
  const [longer, setLonger] = useState<RetentionRuleView>();
  return (
    <>
      <Tabs
        label="What is kept"
        parts={[
          {
            id: 'schedule',
            label: 'How long',
            content: (
              <Schedule
                {...{ rules, swept, kept }}
                {...(isOwner && { onUndo: setUndone, onLonger: setLonger })}
              />
            ),
          },
          { id: 'holds', label: 'Holds', content: <Holds practiceId={practiceId} holds={holds} /> },
          { id: 'gone', label: 'Gone', content: <RegisterTable register={register} /> },
          {
            id: 'left',
            label: 'People who left',
            content: <LeftPeople practiceId={practiceId} left={left} mayErase={isOwner} />,
          },
        ]}
      />
      {undone?.next && (
        <UndoDialog
          place={{ practiceId }}
          plans={{ kind: undone.kind }}
          records={undone.next.records}
          onClose={() => setUndone(undefined)}
        />
      )}
      {longer && (
        <PeriodDialog practiceId={practiceId} rule={longer} onClose={() => setLonger(undefined)} />
      )}
    </>
  );
}

function Holds({ practiceId, holds }: Pick<PracticeRetention, 'holds'> & { practiceId: string }) {
  const isOwner = useIs('practice-owner');
  const [isAsking, setAsking] = useState(false);
  const [placed, setPlaced] = useState<PlacedHold>();
  return (
    <div className="stack">
      {placed && <PlacedNotice placed={placed} />}
      <HoldTable place={{ practiceId }} holds={holds} mayLift={isOwner} />
      {isOwner && (
        <div className="cluster">
          <Button onPress={() => setAsking(true)}>Place a hold</Button>
        </div>
      )}
      {isAsking && (
        <OwnHoldDialog
          practiceId={practiceId}
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
