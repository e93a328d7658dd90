/** API keys: which there are, making, replacing and ending them. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ApiKey, MadeKey } from '#libs/console-api/integrator.js';
import { revokeKey } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { Table } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { CreateKeyDialog } from './create-key-dialog.js';
import { keyColumns } from './key-columns.js';
import { RotateKeyDialog } from './rotate-key-dialog.js';
import { ShownOnce } from './shown-once.js';
import { useIntegratorId, useIsAdmin, useKeys, useSites } from './use-integrator.js';

type Asked = { act: 'create' } | { act: 'rotate' | 'revoke'; key: ApiKey };

export default function Keys() {
  const integratorId = useIntegratorId();
  const isAdmin = useIsAdmin();
  const queries = useQueryClient();
  const keys = useKeys();
  const sites = useSites();
  const [asked, setAsked] = useState<Asked>();
  const [made, setMade] = useState<MadeKey>();
  const close = () => setAsked(undefined);
  const changed = () => void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  const adopt = (key: MadeKey) => {
    setMade(key);
    close();
    changed();
  };
  const newKey = (
    <Button look="main" onPress={() => setAsked({ act: 'create' })}>
      Make a key
    </Button>
  );
  return (
    <Page
      title="API keys"
      lead="Your software sends a key with every call. Give each program its own."
      actions={isAdmin && newKey}
      wide
    >
      {keys.isPending && <Loading />}
      {keys.isError && <ProblemNotice error={keys.error} />}
      {keys.data && (
        <Table
          caption="API keys"
          columns={keyColumns(sites.data ?? [], isAdmin ? setAsked : undefined)}
          rows={keys.data.keys}
          rowKey={({ keyId }) => keyId}
          empty={
            <Empty title="No key yet" action={isAdmin && newKey}>
              {isAdmin ? 'Make one to begin.' : 'An administrator makes the first one.'}
            </Empty>
          }
        />
      )}
      {asked?.act === 'create' && (
        <CreateKeyDialog
          integratorId={integratorId}
          sites={sites.data ?? []}
          onMade={adopt}
          onClose={close}
        />
      )}
      {asked?.act === 'rotate' && (
        <RotateKeyDialog
          integratorId={integratorId}
          apiKey={asked.key}
          onMade={adopt}
          onClose={close}
        />
      )}
      {asked?.act === 'revoke' && (
        <RevokeKey
          integratorId={integratorId}
          apiKey={asked.key}
          onDone={() => {
            close();
            toast('The key was revoked');
            changed();
          }}
          onClose={close}
        />
      )}
      {made && (
        <ShownOnce
          title="Your new key"
          text={made.key}
          what="the key"
          onClose={() => setMade(undefined)}
        />
      )}
    </Page>
  );
}

interface RevokeKeyProps {
  integratorId: string;
  apiKey: ApiKey;
  onDone: () => void;
  onClose: () => void;
}

function RevokeKey({ integratorId, apiKey, onDone, onClose }: RevokeKeyProps) {
  const { keyId, name } = apiKey;
  return (
    <StepUpDialog
      title={`Revoke “${name}”?`}
      deed="Revoke key"
      isDanger
      action={{ type: 'api-key.revoke', integratorId, keyId }}
      act={(stepUp) => revokeKey(integratorId, keyId, stepUp)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        Whatever uses the key <code>{keyId}</code> stops at once. It can’t be undone.
      </p>
      <p>Results that are waiting for this key can’t be opened by another one: fetch them first.</p>
    </StepUpDialog>
  );
}
