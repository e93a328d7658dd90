/** Who has to be told: a letter for each, and when it went. */
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Incident, Letter } from '#libs/console-api/incidents.js';
import { recipientWords, sentWords } from '#libs/console-api/incident-words.js';
import type { IncidentPlace } from '#apps/console/src/api/incidents.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { dayWords } from './incident-clock.js';
import type { IncidentPartProps } from './use-incident.js';

export function LettersPart({ place, incident, calls, onChanged }: IncidentPartProps) {
  const { letters, mayChange, state } = incident;
  const draft = useMutation({
    mutationFn: () => calls.draftLetters(),
    onSuccess: async ({ drafted }) => {
      toast(drafted === 1 ? 'One letter was drafted' : `${drafted} letters were drafted`);
      await onChanged();
    },
  });
  const drafter = mayChange && state !== 'closed' && (
    <Button
      look={letters.length === 0 ? 'main' : 'plain'}
      isPending={draft.isPending}
      onPress={() => draft.mutate()}
    >
      {letters.length === 0 ? 'Draft the letters' : 'Draft those that nobody has changed anew'}
    </Button>
  );
  return (
    <>
      {draft.isError && <ProblemNotice error={draft.error} />}
      <Notice title="Patients are told by their practice">
        Conduit holds no name of any patient. The practice’s server knows which statements ran; the
        practice finds there whom they concern, and tells them in the way it reaches them.
      </Notice>
      <Table
        caption="Letters"
        columns={columns(place, incident)}
        rows={letters}
        rowKey={({ letterId }) => letterId}
        empty={
          <Empty title="No letters are drafted yet" action={drafter}>
            One for each who has to know, made of the statement and of what concerns them.
          </Empty>
        }
      />
      {letters.length > 0 && <div className="cluster">{drafter}</div>}
    </>
  );
}

const columns = (place: IncidentPlace, { incidentId }: Incident): Column<Letter>[] => [
  {
    key: 'to',
    label: 'To',
    cell: (letter) => (
      <span>
        <Link to={`${place.path}/${incidentId}/letters/${letter.letterId}`}>
          <strong>{letter.recipientName}</strong>
        </Link>
        <br />
        <span className="quiet">{whoWords(letter)}</span>
      </span>
    ),
  },
  {
    key: 'state',
    label: 'State',
    cell: (letter) => <LetterState letter={letter} />,
  },
];

/** What the name alone does not say. */
export const whoWords = ({ recipient, recipientName }: Letter): string | undefined =>
  recipientWords[recipient] === recipientName ? undefined : recipientWords[recipient];

export function LetterState({ letter }: { letter: Letter }) {
  const { sentOn, sentHow, gaps } = letter;
  if (sentOn !== undefined)
    return (
      <span className="cluster">
        <Badge tone="good">Sent</Badge>
        <span>
          {dayWords(sentOn)}
          {sentHow !== undefined && `, ${sentWords[sentHow].toLowerCase()}`}
        </span>
      </span>
    );
  if (gaps === 0) return <Badge tone="warning">Ready to be sent</Badge>;
  return <Badge tone="bad">{gaps === 1 ? '1 gap to fill' : `${gaps} gaps to fill`}</Badge>;
}
