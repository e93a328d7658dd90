/** OAuth clients: software that signs for itself, so that there is no secret to lose. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { OauthClient } from '#libs/console-api/integrator.js';
import { readClients, revokeClient } from '#apps/console/src/api/integrator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { CreateClientDialog } from './create-client-dialog.js';
import { useIntegratorId, useIsAdmin } from './use-integrator.js';

export default function Clients() {
  const integratorId = useIntegratorId();
  const isAdmin = useIsAdmin();
  const queries = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<OauthClient>();
  const queryKey = ['integrator', integratorId, 'clients'];
  const clients = useQuery({ queryKey, queryFn: () => readClients(integratorId) });
  const done = (words: string) => {
    setAdding(false);
    setLeaving(undefined);
    toast(words);
    void queries.invalidateQueries({ queryKey });
  };
  return (
    <Page
      title="OAuth clients"
      lead="Software that signs for itself with a key of its own gets short-lived tokens, in place of an API key."
      actions={
        isAdmin && (
          <Button look="main" onPress={() => setAdding(true)}>
            Register a client
          </Button>
        )
      }
      wide
    >
      {clients.isPending && <Loading />}
      {clients.isError && <ProblemNotice error={clients.error} />}
      {clients.data && (
        <>
          <Facts
            facts={[
              {
                label: 'Token endpoint',
                value: <CodeLine text={clients.data.tokenEndpoint} what="the token endpoint" />,
              },
              {
                label: 'Audience of assertions',
                value: <CodeLine text={clients.data.audience} what="the audience" />,
              },
            ]}
          />
          <Table
            caption="OAuth clients"
            columns={columns(isAdmin ? setLeaving : undefined)}
            rows={clients.data.clients}
            rowKey={({ clientId }) => clientId}
            empty={
              <Empty title="No client yet">
                An API key does as well. A client is for those who don’t want a shared secret.
              </Empty>
            }
          />
        </>
      )}
      {isAdding && (
        <CreateClientDialog
          integratorId={integratorId}
          onDone={() => done('The client is registered')}
          onClose={() => setAdding(false)}
        />
      )}
      {leaving && (
        <RevokeClient
          integratorId={integratorId}
          client={leaving}
          onDone={() => done('The client was revoked')}
          onClose={() => setLeaving(undefined)}
        />
      )}
    </Page>
  );
}

function columns(onRevoke: ((client: OauthClient) => void) | undefined): Column<OauthClient>[] {
  const shown: Column<OauthClient>[] = [
    {
      key: 'name',
      label: 'Name',
      cell: ({ name, clientId }) => (
        <>
          <strong>{name}</strong>
          <div className="quiet">
            <code>{clientId}</code>
          </div>
        </>
      ),
    },
    {
      key: 'state',
      label: 'State',
      cell: ({ state }) =>
        state === 'live' ? <Badge tone="good">Live</Badge> : <Badge>Ended</Badge>,
    },
    {
      key: 'keys',
      label: 'Public keys',
      cell: ({ keys }) =>
        keys.map(({ kind, thumbprint }) => (
          <div key={thumbprint}>
            {kind} <code>{thumbprint.slice(0, 16)}…</code>
          </div>
        )),
    },
    {
      key: 'made',
      label: 'Registered',
      cell: ({ createdAt }) => <DateTime value={createdAt} precision="day" />,
    },
  ];
  if (!onRevoke) return shown;
  const acts: Column<OauthClient> = {
    ...actsColumn,
    cell: (client) =>
      client.state === 'live' && (
        <Button
          look="quiet"
          aria-label={`Revoke ${client.name} ${client.clientId}`}
          onPress={() => onRevoke(client)}
        >
          Revoke
        </Button>
      ),
  };
  return [...shown, acts];
}

interface RevokeClientProps {
  integratorId: string;
  client: OauthClient;
  onDone: () => void;
  onClose: () => void;
}

function RevokeClient({ integratorId, client, onDone, onClose }: RevokeClientProps) {
  const { clientId, name } = client;
  return (
    <StepUpDialog
      title={`Revoke “${name}”?`}
      deed="Revoke client"
      isDanger
      action={{ type: 'oauth-client.revoke', integratorId, clientId }}
      act={(stepUp) => revokeClient(integratorId, clientId, stepUp)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>It gets no more tokens, and those it has stop at once. It can’t be undone.</p>
    </StepUpDialog>
  );
}
