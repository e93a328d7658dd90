/** Practices: who is here, and bringing in another. */
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { PracticeLine } from '#libs/console-api/operator.js';
import { createPractice, readPractices } from '#apps/console/src/api/operator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { NameDialog } from '#apps/console/src/ui/name-dialog.js';
import type { Column } from '#apps/console/src/ui/table.js';
import { OperatorPage } from './operator-page.js';
import { SearchedTable } from './searched-table.js';

export default function Practices() {
  const [isAdding, setAdding] = useState(false);
  return (
    <OperatorPage
      wide
      title="Practices"
      lead="Organisations and their sites. Who works there is their own matter."
      actions={
        <Button look="main" onPress={() => setAdding(true)}>
          Register a practice
        </Button>
      }
    >
      <SearchedTable
        caption="Practices"
        one="practice"
        many="practices"
        columns={columns}
        rowKey={({ practiceId }) => practiceId}
        read={readPage}
      >
        Register a practice, then invite its owner and make a code for its server.
      </SearchedTable>
      {isAdding && <AddPractice onClose={() => setAdding(false)} />}
    </OperatorPage>
  );
}

async function readPage(search: string, page: number) {
  const { practices: rows, ...found } = await readPractices(search, page);
  return { rows, ...found };
}

function AddPractice({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  return (
    <NameDialog
      title="Register a practice"
      label="Name of the practice"
      hint="The organisation, never a person"
      maxLength={200}
      deed="Register"
      act={createPractice}
      onDone={({ practiceId }) => void navigate(`/operator/practices/${practiceId}`)}
      onClose={onClose}
    />
  );
}

const columns: Column<PracticeLine>[] = [
  {
    key: 'name',
    label: 'Practice',
    cell: ({ practiceId, name }) => <Link to={`/operator/practices/${practiceId}`}>{name}</Link>,
  },
  { key: 'sites', label: 'Sites', isNumber: true, cell: ({ sites }) => sites },
  { key: 'agents', label: 'Agents', isNumber: true, cell: ({ agents }) => agents },
  {
    key: 'owner',
    label: 'Owner',
    cell: ({ hasOwner }) =>
      hasOwner ? <Badge tone="good">Signed up</Badge> : <Badge tone="warning">Not yet</Badge>,
  },
  {
    key: 'since',
    label: 'Registered',
    cell: ({ createdAt }) => <DateTime value={createdAt} precision="day" />,
  },
];
