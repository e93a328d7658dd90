import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AgentDetail, DiagnosisFinding } from '#libs/console-api/operator.js';
import { askDiagnosis } from '#apps/console/src/api/operator.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Loading } from '#apps/console/src/ui/loading.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Table, type Column } from '#apps/console/src/ui/table.js';
import { fromNow } from './agent-words.js';

/** Asks the agent's doctor and shows what it found. */
export function DiagnosisPanel({ agent }: { agent: AgentDetail }) {
  const { agentId, state, diagnosis } = agent;
  const queries = useQueryClient();
  const asking = useMutation({
    mutationFn: () => askDiagnosis(agentId),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['operator', 'agent', agentId] }),
  });
  const isUnderWay = diagnosis?.isUnderWay ?? false;
  const canAnswer = state === 'online' || state === 'degraded';
  return (
    <div className="stack">
      <div>
        <Button
          isDisabled={!canAnswer || isUnderWay}
          isPending={asking.isPending}
          onPress={() => asking.mutate()}
        >
          Ask its doctor
        </Button>
      </div>
      {!canAnswer && <p className="quiet">Only a connected agent can be asked.</p>}
      {asking.isError && <ProblemNotice error={asking.error} />}
      {isUnderWay && <Loading what="The doctor tries its logins" />}
      {diagnosis && !isUnderWay && diagnosis.endedAt === undefined && (
        <Notice tone="warning" title="The last diagnosis was not answered" />
      )}
      {diagnosis?.error && (
        <Notice tone="warning" title={diagnosis.error.title}>
          {diagnosis.error.remedy}
        </Notice>
      )}
      {diagnosis?.findings && (
        <>
          <p className="quiet">{fromNow(diagnosis.endedAt ?? diagnosis.askedAt)}</p>
          <Findings agent={agent} findings={diagnosis.findings} />
        </>
      )}
    </div>
  );
}

function Findings({ agent, findings }: { agent: AgentDetail; findings: DiagnosisFinding[] }) {
  const bad = findings.filter(({ ok }) => !ok);
  if (bad.length === 0) {
    return <Notice tone="good" title={`All is well: ${findings.length} checks hold`} />;
  }
  const nameOf = (siteId: string) =>
    agent.sites.find((site) => site.siteId === siteId)?.name ?? siteId;
  const columns: Column<DiagnosisFinding>[] = [
    { key: 'check', label: 'Check that does not hold', cell: ({ check }) => <code>{check}</code> },
    { key: 'site', label: 'Site', cell: ({ siteId }) => nameOf(siteId) },
    {
      key: 'severity',
      label: 'How bad',
      cell: ({ severity }) =>
        severity === 'critical' ? (
          <Badge tone="bad">Critical</Badge>
        ) : (
          <Badge tone="warning">Warning</Badge>
        ),
    },
  ];
  return (
    <Table
      caption="Checks that do not hold"
      columns={columns}
      rows={bad}
      rowKey={({ siteId, check }) => `${siteId} ${check}`}
    />
  );
}
