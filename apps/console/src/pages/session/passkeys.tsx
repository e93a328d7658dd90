/** A person's own passkeys: which there are, one more, one less. The last one cannot be taken away. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Passkey } from '#libs/console-api/session.js';
import { readPasskeys, removePasskey } from '#apps/console/src/api/session.js';
import { NoPasskeys } from '#apps/console/src/session/no-passkeys.js';
import { hasPasskeys } from '#apps/console/src/session/passkey-ceremonies.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { AddPasskey } from './add-passkey.js';
import { WorkAccount } from './work-account.js';

const KEY = ['passkeys'];

export default function Passkeys() {
  const queries = useQueryClient();
  const passkeys = useQuery({ queryKey: KEY, queryFn: readPasskeys });
  const [asked, setAsked] = useState<'add' | Passkey>();
  const done = (words: string) => {
    setAsked(undefined);
    toast(words);
    void queries.invalidateQueries({ queryKey: KEY });
  };
  const count = passkeys.data?.length ?? 0;
  return (
    <Page
      title="Your passkeys"
      lead="A passkey signs you in, and confirms what you decide. Have two, so that losing a device doesn’t lock you out."
      actions={
        hasPasskeys() && (
          <Button look="main" onPress={() => setAsked('add')} isDisabled={!passkeys.data}>
            Add a passkey
          </Button>
        )
      }
    >
      {!hasPasskeys() && <NoPasskeys />}
      {count === 1 && (
        <Notice tone="warning" title="You have only one passkey">
          Add another one on a second device, or in a password manager.
        </Notice>
      )}
      {passkeys.isPending && <Loading />}
      {passkeys.isError && <ProblemNotice error={passkeys.error} />}
      {passkeys.data && (
        <Table
          caption="Your passkeys"
          columns={columns(count > 1 ? setAsked : undefined)}
          rows={passkeys.data}
          rowKey={({ passkeyId }) => passkeyId}
        />
      )}
      <WorkAccount />
      {asked === 'add' && (
        <AddPasskey onDone={() => done('Passkey added')} onClose={() => setAsked(undefined)} />
      )}
      {asked !== undefined && asked !== 'add' && (
        <RemovePasskey
          passkey={asked}
          onDone={() => done('Passkey removed')}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Page>
  );
}

function columns(onRemove: ((passkey: Passkey) => void) | undefined): Column<Passkey>[] {
  return [
    { key: 'name', label: 'Name', cell: ({ name }) => <strong>{name}</strong> },
    {
      key: 'kept',
      label: 'Kept',
      cell: ({ isSynced }) => (isSynced ? 'In an account or password manager' : 'On one device'),
    },
    {
      key: 'made',
      label: 'Made',
      cell: ({ createdAt }) => <DateTime value={createdAt} precision="day" />,
    },
    {
      key: 'used',
      label: 'Last used',
      cell: ({ lastUsedAt }) => (lastUsedAt ? <DateTime value={lastUsedAt} /> : 'Never'),
    },
    ...(onRemove
      ? [
          {
            ...actsColumn,
            cell: (passkey: Passkey) => (
              <Button
                look="quiet"
                aria-label={`Remove ${passkey.name}`}
                onPress={() => onRemove(passkey)}
              >
                Remove
              </Button>
            ),
          },
        ]
      : []),
  ];
}

function RemovePasskey(props: { passkey: Passkey; onDone: () => void; onClose: () => void }) {
  const { passkeyId, name } = props.passkey;
  return (
    <StepUpDialog
      title={`Remove “${name}”?`}
      deed="Remove passkey"
      isDanger
      action={{ type: 'passkey.remove', passkeyId }}
      act={(stepUp) => removePasskey(passkeyId, stepUp)}
      onDone={props.onDone}
      onClose={props.onClose}
    >
      <p>
        It no longer signs you in here, and no longer confirms anything. What it has confirmed stays
        as it is. On the device itself, delete it in the list of passkeys.
      </p>
    </StepUpDialog>
  );
}
