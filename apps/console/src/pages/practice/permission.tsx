/** One permission: how it stands, what it allows, and changing, renewing or ending it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import type {
  DraftChangeRequest,
  DraftedPermission,
  Permission as Shown,
  PermissionSummary,
} from '#libs/console-api/practice.js';
import { draftChange, readPermission } from '#apps/console/src/api/practice.js';
import { useWhileAttended } from '#apps/console/src/api/while-attended.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { ChangeDialog } from './change-dialog.js';
import { Lines } from './lines.js';
import { endsSoon, StateBadge, StateNotice } from './permission-state.js';
import { PracticePage, useIs, usePracticeId } from './practice-page.js';
import { DecisionProblem, SignDialog } from './sign-dialog.js';
import { StatementTexts } from './statement-card.js';

const REFRESH_MS = 2_000;

export default function Permission() {
  const practiceId = usePracticeId();
  const { grantId = '' } = useParams();
  const permission = useQuery({
    queryKey: ['practice', practiceId, 'permission', grantId],
    queryFn: () => readPermission(practiceId, grantId),
    refetchInterval: useWhileAttended(REFRESH_MS),
  });
  const { data } = permission;
  return (
    <PracticePage
      title={data ? `What ${data.integratorName} may do` : 'A permission'}
      lead={data && <>At {data.sites.map(({ name }) => name).join(', ')}.</>}
    >
      {permission.isPending && <Loading />}
      {permission.isError && !data && <ProblemNotice error={permission.error} />}
      {data && <Parts practiceId={practiceId} permission={data} />}
    </PracticePage>
  );
}

function Parts({ practiceId, permission }: { practiceId: string; permission: Shown }) {
  const waiting = permission.history.find(
    ({ seq, state }) => seq > permission.seq && ['proposed', 'refused'].includes(state),
  );
  return (
    <>
      <StateNotice permission={permission} />
      {waiting && (
        <div className="stack">
          <p>A change of it was signed:</p>
          <StateNotice permission={waiting} />
        </div>
      )}
      {endsSoon(permission) && (
        <Notice tone="warning" title="It ends soon">
          <p>
            On <DateTime value={permission.expires} precision="day" />. Renew it, or do nothing and
            it ends by itself.
          </p>
        </Notice>
      )}
      <Acts practiceId={practiceId} permission={permission} />
      <Section title="In plain words">
        <div className="panel">
          <Lines lines={permission.lines} />
        </div>
      </Section>
      <StatementTexts statements={permission.statements} />
      <History permission={permission} />
    </>
  );
}

type Change = DraftChangeRequest['change'];

const titles: Record<Change, (name: string) => string> = {
  narrow: (name) => `Change what ${name} may do?`,
  renew: (name) => `Renew ${name}’s access?`,
  revoke: (name) => `End ${name}’s access?`,
};
const deeds: Record<Change, string> = {
  narrow: 'Sign the change',
  renew: 'Renew with passkey',
  revoke: 'End access now',
};

function Acts({ practiceId, permission }: { practiceId: string; permission: Shown }) {
  const { grantId, integratorName, state } = permission;
  const queries = useQueryClient();
  const [signing, setSigning] = useState<{ change: Change; draft: DraftedPermission }>();
  const [isChanging, setChanging] = useState(false);
  const drafting = useMutation({
    mutationFn: async (wanted: DraftChangeRequest) => ({
      change: wanted.change,
      draft: await draftChange(practiceId, grantId, wanted),
    }),
    onSuccess: (ready) => {
      setChanging(false);
      setSigning(ready);
    },
  });
  const isOwner = useIs('practice-owner');
  if (!isOwner || ['ending', 'revoked'].includes(state)) return null;
  const isLive = state === 'active' || state === 'expired';
  const done = async () => {
    setSigning(undefined);
    await queries.invalidateQueries({ queryKey: ['practice', practiceId] });
  };
  return (
    <>
      <div className="cluster">
        {isLive && (
          <>
            <Button
              isPending={drafting.isPending && drafting.variables.change === 'renew'}
              onPress={() => drafting.mutate({ change: 'renew' })}
            >
              Renew for a year
            </Button>
            <Button onPress={() => setChanging(true)}>Change</Button>
          </>
        )}
        <Button
          look="danger"
          isPending={drafting.isPending && drafting.variables.change === 'revoke'}
          onPress={() => drafting.mutate({ change: 'revoke' })}
        >
          End access
        </Button>
      </div>
      {drafting.isError && !isChanging && <DecisionProblem error={drafting.error} />}
      {isChanging && (
        <ChangeDialog
          permission={permission}
          isPending={drafting.isPending}
          error={drafting.error}
          onChosen={(choices) => drafting.mutate({ change: 'narrow', choices })}
          onClose={() => setChanging(false)}
        />
      )}
      {signing && (
        <SignDialog
          title={titles[signing.change](integratorName)}
          deed={deeds[signing.change]}
          isDanger={signing.change === 'revoke'}
          practiceId={practiceId}
          draft={signing.draft}
          {...(signing.change !== 'revoke' && {
            scopes: permission.scopes.map(({ scope }) => scope),
            before: permission.lines,
          })}
          onSigned={() => void done()}
          onClose={() => setSigning(undefined)}
        />
      )}
    </>
  );
}

const columns = (seqInForce: number): Column<PermissionSummary>[] => [
  { key: 'seq', label: 'Version', cell: ({ seq }) => seq },
  {
    key: 'state',
    label: 'State',
    cell: ({ seq, state }) =>
      seq < seqInForce && state === 'active' ? (
        <Badge>Replaced</Badge>
      ) : (
        <StateBadge state={state} />
      ),
  },
  { key: 'made', label: 'Since', cell: ({ createdAt }) => <DateTime value={createdAt} /> },
  {
    key: 'until',
    label: 'Until',
    cell: ({ expires }) => <DateTime value={expires} precision="day" />,
  },
];

function History({ permission: { history, seq, signedBy } }: { permission: Shown }) {
  return (
    <Section
      title="History"
      lead={
        signedBy.length > 0 &&
        `The version in force was signed by ${signedBy.map((by) => by.name).join(' and ')}.`
      }
    >
      <Table
        caption="Versions of this permission"
        columns={columns(seq)}
        rows={history}
        rowKey={(one) => `${one.seq} ${one.state}`}
      />
    </Section>
  );
}
