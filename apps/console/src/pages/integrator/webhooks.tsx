/** Webhook endpoints: where the integrator is told that something happened. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Webhook, Webhooks as WebhookList } from '#libs/console-api/integrator.js';
import { createWebhook, readWebhooks } from '#apps/console/src/api/integrator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { CheckboxGroup, RadioGroup } from '#apps/console/src/ui/choices.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { FormDialog } from '#apps/console/src/ui/form-dialog.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Page } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { CountryChoice, ANY_COUNTRY } from './country-choice.js';
import { ShownOnce } from './shown-once.js';
import { useIntegratorId } from './use-integrator.js';
import { eventWords } from './webhook-words.js';

export default function Webhooks() {
  const integratorId = useIntegratorId();
  const queries = useQueryClient();
  const webhooks = useQuery({
    queryKey: ['integrator', integratorId, 'webhooks'],
    queryFn: () => readWebhooks(integratorId),
  });
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<Webhook>();
  const adopt = (webhook: Webhook) => {
    setAdding(false);
    setMade(webhook);
    void queries.invalidateQueries({ queryKey: ['integrator', integratorId] });
  };
  const add = (
    <Button look="main" onPress={() => setAdding(true)} isDisabled={!webhooks.data}>
      Add an endpoint
    </Button>
  );
  return (
    <Page
      title="Webhooks"
      lead="Addresses of yours that are told when something happens: ids, a type and a time, never data."
      actions={add}
    >
      {webhooks.isPending && <Loading />}
      {webhooks.isError && <ProblemNotice error={webhooks.error} />}
      {webhooks.data && (
        <Table
          caption="Webhook endpoints"
          columns={columns}
          rows={webhooks.data.webhooks}
          rowKey={({ id }) => id}
          empty={
            <Empty title="No endpoint yet">
              Without one your software asks again and again whether a result is there.
            </Empty>
          }
        />
      )}
      {isAdding && webhooks.data && (
        <AddWebhook
          integratorId={integratorId}
          eventTypes={webhooks.data.eventTypes}
          onMade={adopt}
          onClose={() => setAdding(false)}
        />
      )}
      {made?.secret !== undefined && (
        <ShownOnce
          title="The endpoint’s secret"
          text={made.secret}
          what="the secret"
          onClose={() => setMade(undefined)}
        >
          <p>Your receiver checks with it that a message comes from Conduit.</p>
        </ShownOnce>
      )}
    </Page>
  );
}

const columns: Column<Webhook>[] = [
  {
    key: 'url',
    label: 'Address',
    cell: ({ id, url }) => (
      <Link to={id}>
        <strong>{url}</strong>
      </Link>
    ),
  },
  {
    key: 'events',
    label: 'Told of',
    cell: ({ events }) => (events.length === 0 ? 'Everything' : events.join(', ')),
  },
  { key: 'state', label: 'State', cell: (webhook) => <WebhookState webhook={webhook} /> },
];

export function WebhookState({ webhook }: { webhook: Webhook }) {
  if (webhook.pauseReason === 'failing') return <Badge tone="bad">Stopped after failures</Badge>;
  if (webhook.paused) return <Badge tone="warning">Paused</Badge>;
  if (webhook.failingSince !== undefined) return <Badge tone="bad">Failing</Badge>;
  return <Badge tone="good">Working</Badge>;
}

interface AddWebhookProps {
  integratorId: string;
  eventTypes: WebhookList['eventTypes'];
  onMade: (webhook: Webhook) => void;
  onClose: () => void;
}

const signatures = [
  { value: 'standard', label: 'Standard Webhooks', hint: 'The public convention; new receivers.' },
  { value: 'halo', label: 'Halo', hint: 'For receivers written for Halo.' },
];

function AddWebhook({ integratorId, eventTypes, onMade, onClose }: AddWebhookProps) {
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<string[]>([]);
  const [country, setCountry] = useState<string>(ANY_COUNTRY);
  const [signature, setSignature] = useState('standard');
  const add = () =>
    createWebhook(integratorId, {
      url: url.trim(),
      events,
      ...(country !== ANY_COUNTRY && { country }),
      signature: signature as 'halo' | 'standard',
    });
  return (
    <FormDialog
      title="Add an endpoint"
      isAlert
      deed="Add endpoint"
      fieldWords={{ url: 'Address', country: 'Country' }}
      act={add}
      onDone={onMade}
      onClose={onClose}
    >
      <TextField
        label="Address"
        hint="Begins with https:// and can be reached from the internet."
        type="url"
        value={url}
        onChange={setUrl}
        maxLength={2000}
        isRequired
        autoFocus
      />
      <CountryChoice value={country} onChange={setCountry} />
      <RadioGroup
        label="Signed as"
        choices={signatures}
        value={signature}
        onChange={setSignature}
      />
      <CheckboxGroup
        label="Told of"
        hint="None chosen: everything."
        choices={eventTypes.map((type) => ({
          value: type,
          label: eventWords[type] ?? type,
          hint: type,
        }))}
        value={events}
        onChange={setEvents}
      />
    </FormDialog>
  );
}
