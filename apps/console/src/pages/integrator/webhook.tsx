/** One endpoint: its state, a test, its secret, and what was sent to it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Webhook as Endpoint } from '#libs/console-api/integrator.js';
import {
  changeWebhook,
  deleteWebhook,
  readWebhooks,
  renewWebhookSecret,
  testWebhook,
} from '#apps/console/src/api/integrator.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Facts } from '#apps/console/src/ui/facts.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Menu } from '#apps/console/src/ui/menu.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page, Section } from '#apps/console/src/ui/page.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { ANY_COUNTRY, CountryChoice } from './country-choice.js';
import { countryName } from '#apps/console/src/ui/declared-words.js';
import { DeliveryTable } from './delivery-table.js';
import { ShownOnce } from './shown-once.js';
import { useIntegratorId } from './use-integrator.js';
import { WebhookState } from './webhooks.js';

const DAY_SECONDS = 86_400;

export default function Webhook() {
  const integratorId = useIntegratorId();
  const { webhookId = '' } = useParams();
  const webhooks = useQuery({
    queryKey: ['integrator', integratorId, 'webhooks'],
    queryFn: () => readWebhooks(integratorId),
  });
  const webhook = webhooks.data?.webhooks.find(({ id }) => id === webhookId);
  if (webhook) return <EndpointPage integratorId={integratorId} webhook={webhook} />;
  return (
    <Page title="Webhook">
      {webhooks.isPending && <Loading />}
      {webhooks.isError && <ProblemNotice error={webhooks.error} />}
      {webhooks.data && (
        <Notice title="This endpoint is not there any more">
          Go back to the list of webhooks.
        </Notice>
      )}
    </Page>
  );
}

function EndpointPage({ integratorId, webhook }: { integratorId: string; webhook: Endpoint }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [secret, setSecret] = useState<string>();
  const [asked, setAsked] = useState<'country' | 'delete'>();
  const changed = () => void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  const act = useMutation({
    mutationFn: (deed: () => Promise<unknown>) => deed(),
    onSuccess: changed,
  });
  const renew = (overlapSeconds: number) =>
    act.mutate(async () => {
      setSecret((await renewWebhookSecret(integratorId, webhook.id, overlapSeconds)).secret);
    });
  const pause = (paused: boolean) =>
    act.mutate(async () => {
      await changeWebhook(integratorId, webhook.id, { paused });
      toast(paused ? 'Paused: what happens is held back' : 'Sending again');
    });
  const test = () =>
    act.mutate(async () => {
      await testWebhook(integratorId, webhook.id);
      toast('A test is on its way');
    });
  return (
    <Page
      title="Webhook"
      lead={webhook.url}
      actions={
        <>
          <Button look="main" onPress={test} isPending={act.isPending}>
            Send a test
          </Button>
          <Button onPress={() => pause(!webhook.paused)}>
            {webhook.paused ? 'Resume' : 'Pause'}
          </Button>
          <Menu
            label="More about this endpoint"
            acts={[
              {
                id: 'secret',
                label: 'New secret, the old one signs for a day',
                onAct: () => renew(DAY_SECONDS),
              },
              { id: 'stolen', label: 'New secret at once', onAct: () => renew(0), isDanger: true },
              {
                id: 'country',
                label: 'Say in which country it is',
                onAct: () => setAsked('country'),
              },
              {
                id: 'delete',
                label: 'Delete the endpoint',
                onAct: () => setAsked('delete'),
                isDanger: true,
              },
            ]}
          />
        </>
      }
      wide
    >
      {act.isError && <ProblemNotice error={act.error} />}
      <EndpointFacts webhook={webhook} />
      <Section
        title="Deliveries"
        lead="What was sent, newest first. What your receiver answered is not kept."
      >
        <DeliveryTable integratorId={integratorId} webhook={webhook} />
      </Section>
      {secret !== undefined && (
        <ShownOnce
          title="The new secret"
          text={secret}
          what="the secret"
          onClose={() => setSecret(undefined)}
        />
      )}
      {asked === 'country' && (
        <CountryDialog
          country={webhook.country}
          onChange={async (country) => {
            await changeWebhook(integratorId, webhook.id, { country });
            changed();
            setAsked(undefined);
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === 'delete' && (
        <DeleteDialog
          onDelete={async () => {
            await deleteWebhook(integratorId, webhook.id);
            changed();
            toast('The endpoint was deleted');
            await navigate('..', { relative: 'path' });
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Page>
  );
}

function EndpointFacts({ webhook }: { webhook: Endpoint }) {
  const { country, events, failingSince, previousSecretUntil: until } = webhook;
  return (
    <Facts
      facts={[
        { label: 'State', value: <WebhookState webhook={webhook} /> },
        { label: 'Told of', value: events.length === 0 ? 'Everything' : events.join(', ') },
        {
          label: 'Country',
          value: country === undefined ? 'Not said: one that you declare' : countryName(country),
        },
        {
          label: 'Signed as',
          value: webhook.signature === 'halo' ? 'Halo' : 'Standard Webhooks',
        },
        ...(failingSince === undefined
          ? []
          : [{ label: 'Failing since', value: <DateTime value={failingSince} /> }]),
        ...(until === undefined
          ? []
          : [{ label: 'Old secret signs until', value: <DateTime value={until} /> }]),
        {
          label: 'Public key',
          value: <CodeLine text={webhook.publicKey} what="the public key" />,
        },
      ]}
    />
  );
}

interface CountryDialogProps {
  country: string | undefined;
  onChange: (country: string) => Promise<void>;
  onClose: () => void;
}

function CountryDialog({ country, onChange, onClose }: CountryDialogProps) {
  const [chosen, setChosen] = useState(country ?? ANY_COUNTRY);
  return (
    <FormDialog
      title="Where is it?"
      deed="Save"
      isDisabled={chosen === ANY_COUNTRY}
      act={() => onChange(chosen)}
      onClose={onClose}
    >
      <CountryChoice value={chosen} onChange={setChosen} />
    </FormDialog>
  );
}

function DeleteDialog(props: { onDelete: () => Promise<void>; onClose: () => void }) {
  return (
    <FormDialog
      title="Delete the endpoint?"
      isAlert
      deed="Delete endpoint"
      look="danger"
      act={props.onDelete}
      onClose={props.onClose}
    >
      <p>Nothing more is sent to it, and its log is gone. It can’t be undone.</p>
    </FormDialog>
  );
}
