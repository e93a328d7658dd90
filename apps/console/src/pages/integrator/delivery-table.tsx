import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Delivery, Webhook } from '#libs/console-api/integrator.js';
import { readDeliveries, redeliver } from '#apps/console/src/api/integrator.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { ProblemNotice } from '#apps/console/src/ui/notice.js';
import { actsColumn, Pager, Table, type Column } from '#apps/console/src/ui/table.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { deliveryStates, eventWords, lastAttempt } from './webhook-words.js';

const REFRESH_MS = 3_000;

/** The log of one endpoint, page by page; the first page stays fresh. */
export function DeliveryTable({
  integratorId,
  webhook,
}: {
  integratorId: string;
  webhook: Webhook;
}) {
  const queries = useQueryClient();
  const live = useWhileAttended(REFRESH_MS);
  /** `next` of each page before the one that is shown. */
  const [trail, setTrail] = useState<string[]>([]);
  const after = trail.at(-1);
  const key = ['integrator', integratorId, 'webhooks', webhook.id, after ?? ''];
  const page = useQuery({
    queryKey: key,
    queryFn: () => readDeliveries(integratorId, webhook.id, after),
    refetchInterval: after === undefined ? live : false,
  });
  const again = useMutation({
    mutationFn: (deliveryId: string) => redeliver(integratorId, webhook.id, deliveryId),
    onSuccess: () => {
      toast('It is sent again');
      void queries.invalidateQueries({ queryKey: key });
    },
  });
  if (page.isPending) return <Loading />;
  if (page.isError) return <ProblemNotice error={page.error} />;
  const { deliveries, next } = page.data;
  return (
    <>
      {again.isError && <ProblemNotice error={again.error} />}
      <Table
        caption="Deliveries"
        columns={columns(webhook.paused ? undefined : (id) => again.mutate(id))}
        rows={deliveries}
        rowKey={({ id }) => id}
        empty={
          <Empty title="Nothing was sent yet">
            Send a test to see whether your receiver answers.
          </Empty>
        }
      />
      {(next !== undefined || trail.length > 0) && (
        <Pager
          words={`Page ${trail.length + 1}`}
          {...(trail.length > 0 && { onPrevious: () => setTrail(trail.slice(0, -1)) })}
          {...(next !== undefined && { onNext: () => setTrail([...trail, next]) })}
        />
      )}
    </>
  );
}

function columns(onAgain: ((deliveryId: string) => void) | undefined): Column<Delivery>[] {
  return [
    {
      key: 'at',
      label: 'When',
      cell: ({ occurredAt }) => <DateTime value={occurredAt} precision="second" />,
    },
    {
      key: 'what',
      label: 'What',
      cell: ({ type }) => (
        <>
          {eventWords[type] ?? type}
          <div className="quiet">
            <code>{type}</code>
          </div>
        </>
      ),
    },
    {
      key: 'state',
      label: 'State',
      cell: ({ state }) => (
        <Badge tone={deliveryStates[state].tone}>{deliveryStates[state].words}</Badge>
      ),
    },
    { key: 'last', label: 'Last attempt', cell: lastAttempt },
    ...(onAgain
      ? [
          {
            ...actsColumn,
            cell: ({ id, type, state }: Delivery) =>
              // A test is sent anew instead: the button for that is above.
              type !== 'webhook.test' &&
              state !== 'pending' && (
                <Button look="quiet" onPress={() => onAgain(id)} aria-label={`Send ${id} again`}>
                  Send again
                </Button>
              ),
          },
        ]
      : []),
  ];
}
