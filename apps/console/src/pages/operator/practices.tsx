/** Practices: who is here, and bringing in another. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { PracticeLine } from '#libs/console-api/operator.js';
import { createPractice, readPractices } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Dialog, DialogActions } from '#apps/console/src/ui/dialog.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Pager, Table, type Column } from '#apps/console/src/ui/table.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { OperatorPage, placeWords } from './operator-page.js';

export default function Practices() {
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(1);
  const [isAdding, setAdding] = useState(false);
  const practices = useQuery({
    queryKey: ['operator', 'practices', search, page],
    queryFn: () => readPractices(search, page),
    placeholderData: keepPreviousData,
  });
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
      <TextField
        label="Search"
        hint="Part of its name"
        value={search}
        maxLength={100}
        onChange={(text) => {
          setPage(1);
          setSearch(text);
        }}
      />
      <Asked query={practices}>
        {({ practices: rows, pageSize, total }) => (
          <div>
            <Table
              caption="Practices"
              columns={columns}
              rows={rows}
              rowKey={({ practiceId }) => practiceId}
              empty={
                <Empty title={search === '' ? 'No practice yet' : 'No practice fits'}>
                  Register a practice, then invite its owner and make a code for its server.
                </Empty>
              }
            />
            <Pager
              words={placeWords(page, pageSize, total, total === 1 ? 'practice' : 'practices')}
              {...(page > 1 && { onPrevious: () => setPage(page - 1) })}
              {...(page * pageSize < total && { onNext: () => setPage(page + 1) })}
            />
          </div>
        )}
      </Asked>
      {isAdding && <AddPractice onClose={() => setAdding(false)} />}
    </OperatorPage>
  );
}

function AddPractice({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const add = () =>
    createPractice(name.trim()).then(
      ({ practiceId }) => navigate(`/operator/practices/${practiceId}`),
      setFailure,
    );
  return (
    <Dialog title="Register a practice" isOpen onClose={onClose}>
      <TextField
        label="Name of the practice"
        hint="The organisation, never a person"
        value={name}
        onChange={setName}
        maxLength={200}
        autoFocus
      />
      {failure !== undefined && <ProblemNotice error={failure} />}
      <DialogActions>
        <Button look="quiet" onPress={onClose}>
          Cancel
        </Button>
        <Button look="main" isDisabled={name.trim() === ''} onPress={() => void add()}>
          Register
        </Button>
      </DialogActions>
    </Dialog>
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
