/** An act that waits for a second person: whoever asked can withdraw, another officer decides. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { ActRequest } from '#libs/console-api/operator.js';
import { approveRequest, declineRequest, readReach } from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { fromNow, wordOfDecision } from './agent-words.js';
import { useHolds } from './operator-page.js';
import { reachFields, ReachWords } from './reach-words.js';

const acts = { 'agent.revoke': 'Revoke', 'agent.release': 'Release' } as const;

export interface RequestCardProps {
  request: ActRequest;
  isOnAgentPage?: boolean;
}

export function RequestCard({ request, isOnAgentPage = false }: RequestCardProps) {
  const queries = useQueryClient();
  const isOfficer = useHolds('operator-security');
  const [isApproving, setApproving] = useState(false);
  const { requestId, act, agentId, practiceName, decision, askedBy, isOwn, expiresAt } = request;
  const refresh = () => queries.invalidateQueries({ queryKey: ['operator'] });
  const declining = useMutation({
    mutationFn: () => declineRequest(requestId),
    onSuccess: () => {
      toast(isOwn ? 'Withdrawn' : 'Declined');
      void refresh();
    },
  });
  return (
    <Notice
      tone="warning"
      title={`${acts[act]} the agent of ${practiceName}: a second person is needed`}
      action={
        isOfficer && (
          <div className="cluster">
            {!isOwn && (
              <Button look="main" onPress={() => setApproving(true)}>
                Approve
              </Button>
            )}
            <Button isPending={declining.isPending} onPress={() => declining.mutate()}>
              {isOwn ? 'Withdraw' : 'Decline'}
            </Button>
          </div>
        )
      }
    >
      <p>
        {isOwn ? 'You asked' : `${askedBy} asked`}: {wordOfDecision(decision)}. It lapses{' '}
        {fromNow(expiresAt)}.
      </p>
      {!isOnAgentPage && <Link to={`/operator/agents/${agentId}`}>Look at the agent</Link>}
      {isOwn && <p>Another security officer has to approve it.</p>}
      {declining.isError && <ProblemNotice error={declining.error} />}
      {isApproving && (
        <Approval
          request={request}
          onDone={() => {
            setApproving(false);
            toast(act === 'agent.revoke' ? 'Revoked' : 'Released');
            void refresh();
          }}
          onClose={() => setApproving(false)}
        />
      )}
    </Notice>
  );
}

function Approval(props: { request: ActRequest; onDone: () => void; onClose: () => void }) {
  const { request, onDone, onClose } = props;
  const { requestId, act, agentId, decision, practiceName, askedBy } = request;
  const reach = useQuery({
    queryKey: ['operator', 'reach', agentId],
    queryFn: () => readReach(agentId),
    gcTime: 0,
    staleTime: 0,
  });
  if (!reach.data) return reach.isError ? <ProblemNotice error={reach.error} /> : null;
  const type = act === 'agent.revoke' ? 'agent-revoke.approve' : 'agent-release.approve';
  return (
    <StepUpDialog
      title={`${acts[act]} the agent of ${practiceName}?`}
      deed={`${acts[act]} now`}
      isDanger={act === 'agent.revoke'}
      action={{ type, agentId, requestId, decision, ...reachFields(reach.data) }}
      act={(stepUp) => approveRequest(requestId, stepUp)}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {askedBy} asked for it: {wordOfDecision(decision)}. You are the second person; it happens at
        once.
      </p>
      <ReachWords reach={reach.data} />
    </StepUpDialog>
  );
}
