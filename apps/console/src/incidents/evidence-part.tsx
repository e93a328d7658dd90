/** The evidence: gathering it from both logs, and what it has come to. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { EvidencePack, PackSummary } from '#libs/console-api/incidents.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { PackTables } from './pack-tables.js';
import type { IncidentPartProps } from './use-incident.js';

const WHILE_MAKING_MS = 2_000;

export function EvidencePart(props: IncidentPartProps) {
  const { incident, calls, onChanged } = props;
  const [chosen, setChosen] = useState<string>();
  const gather = useMutation({
    mutationFn: calls.gatherPack,
    onSuccess: async ({ packId }) => {
      setChosen(packId);
      await onChanged();
    },
  });
  const { packs } = incident;
  const newest = packs.find(({ state }) => state === 'ready') ?? packs[0];
  const packId = chosen ?? newest?.packId;
  const mayGather = incident.mayChange && incident.state !== 'closed';
  return (
    <>
      {mayGather && (
        <div className="cluster">
          <Button
            look={packId === undefined ? 'main' : 'plain'}
            isPending={gather.isPending}
            onPress={() => gather.mutate()}
          >
            {packId === undefined ? 'Gather it' : 'Gather it again'}
          </Button>
        </div>
      )}
      {gather.isError && <ProblemNotice error={gather.error} />}
      {packId === undefined ? (
        <Empty title="Nothing has been gathered yet">
          The servers of the practices are asked for their own log of that time, and it is held
          against Conduit’s. That takes from seconds to a few minutes.
        </Empty>
      ) : (
        <OnePack {...props} packId={packId} />
      )}
      {packs.length > 1 && (
        <Section title="Gathered before" lead="Nothing that was gathered is changed or lost.">
          <Table
            caption="Evidence that was gathered"
            columns={columns(packId, setChosen)}
            rows={packs}
            rowKey={(pack) => pack.packId}
          />
        </Section>
      )}
    </>
  );
}

const packStates = {
  making: { words: 'Being gathered', tone: 'warning' },
  ready: { words: 'Ready', tone: 'good' },
  failed: { words: 'Failed', tone: 'bad' },
} as const;

const columns = (
  shown: string | undefined,
  onChoose: (packId: string) => void,
): Column<PackSummary>[] => [
  { key: 'at', label: 'Asked for', cell: ({ askedAt }) => <DateTime value={askedAt} /> },
  {
    key: 'state',
    label: 'State',
    cell: ({ state }) => <Badge tone={packStates[state].tone}>{packStates[state].words}</Badge>,
  },
  { key: 'hash', label: 'SHA-256', cell: ({ hash }) => <code>{hash?.slice(0, 16) ?? '–'}…</code> },
  {
    ...actsColumn,
    cell: ({ packId, askedAt }) =>
      packId !== shown && (
        <Button
          aria-label={`Look at what was gathered ${askedAt}`}
          onPress={() => onChoose(packId)}
        >
          Look
        </Button>
      ),
  },
];

function OnePack({ incident, calls, onChanged, packId }: IncidentPartProps & { packId: string }) {
  const pack = useQuery({
    queryKey: ['incident-pack', incident.incidentId, packId],
    queryFn: async () => {
      const found = await calls.readPack(packId);
      const known = incident.packs.find((one) => one.packId === packId);
      if (found.state !== 'making' && known?.state !== found.state) void onChanged();
      return found;
    },
    refetchInterval: ({ state }) => state.data?.state === 'making' && WHILE_MAKING_MS,
  });
  return <Asked query={pack}>{(found) => <Shown pack={found} incident={incident} />}</Asked>;
}

function Shown({
  pack,
  incident,
}: {
  pack: EvidencePack;
  incident: IncidentPartProps['incident'];
}) {
  if (pack.state === 'making')
    return (
      <Notice title="It is being gathered">
        {pack.gathered} of {pack.agents} servers have answered. You can leave this page.
      </Notice>
    );
  if (pack.state === 'failed' || !pack.content)
    return (
      <Notice tone="bad" title="It could not be gathered">
        Gather it again. If it stays like this, tell Conduit’s support.
      </Notice>
    );
  const names = { ...incident.names, ...pack.names };
  return <PackTables pack={pack} content={pack.content} names={names} />;
}
