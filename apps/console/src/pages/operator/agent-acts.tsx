/** Acts against an agent. Each shows first whom it hits; revoking and releasing take two people. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  releaseChoices,
  revokeReasons,
  type ActReach,
  type AgentDetail,
  type AskActRequest,
} from '#libs/console-api/operator.js';
import { askAct, quarantine, readReach } from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Button } from '#apps/console/src/ui/button.js';
import { RadioGroup } from '#apps/console/src/ui/choices.js';
import { Dialog } from '#apps/console/src/ui/dialog.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { wordOfDecision } from './agent-words.js';
import { useHolds } from './operator-page.js';
import { reachFields, ReachWords } from './reach-words.js';

type Act = 'agent.quarantine' | 'agent.revoke' | 'agent.release';

export function AgentActs({ agent }: { agent: AgentDetail }) {
  const isOfficer = useHolds('operator-security');
  const [asked, setAsked] = useState<Act>();
  const { state, waitingRequest } = agent;
  const isIn = state !== 'revoked' && state !== 'quarantined';
  return (
    <div className="cluster">
      {isIn && <Button onPress={() => setAsked('agent.quarantine')}>Quarantine</Button>}
      {isOfficer && !waitingRequest && state === 'quarantined' && (
        <Button look="main" onPress={() => setAsked('agent.release')}>
          Release
        </Button>
      )}
      {isOfficer && !waitingRequest && state !== 'revoked' && (
        <Button look="danger" onPress={() => setAsked('agent.revoke')}>
          Revoke
        </Button>
      )}
      {asked && <ActDialog agent={agent} act={asked} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

interface ActDialogProps {
  agent: AgentDetail;
  act: Act;
  onClose: () => void;
}

function ActDialog({ agent, act, onClose }: ActDialogProps) {
  const reach = useQuery({
    queryKey: ['operator', 'reach', agent.agentId],
    queryFn: () => readReach(agent.agentId),
    gcTime: 0,
    staleTime: 0,
  });
  if (!reach.data) {
    return (
      <Dialog title="Looking whom it hits" isOpen onClose={onClose}>
        <Asked query={reach}>{() => null}</Asked>
      </Dialog>
    );
  }
  return act === 'agent.quarantine' ? (
    <Quarantine agent={agent} reach={reach.data} onClose={onClose} />
  ) : (
    <AskTwo agent={agent} reach={reach.data} act={act} onClose={onClose} />
  );
}

function useDone(onClose: () => void) {
  const queries = useQueryClient();
  return (words: string) => {
    toast(words);
    void queries.invalidateQueries({ queryKey: ['operator'] });
    onClose();
  };
}

interface ReachedProps {
  agent: AgentDetail;
  reach: ActReach;
  onClose: () => void;
}

function Quarantine({ agent: { agentId, practiceName }, reach, onClose }: ReachedProps) {
  const done = useDone(onClose);
  return (
    <StepUpDialog
      title={`Quarantine the agent of ${practiceName}?`}
      deed="Quarantine now"
      isDanger
      action={{ type: 'agent.quarantine', agentId, ...reachFields(reach) }}
      act={(stepUp) => quarantine(agentId, stepUp)}
      onDone={() => done('Quarantined')}
      onClose={onClose}
    >
      <p>
        Its links are cut within seconds and no query reaches its sites. Two people can release it.
      </p>
      <ReachWords reach={reach} />
    </StepUpDialog>
  );
}

function AskTwo(props: ReachedProps & { act: AskActRequest['act'] }) {
  const { agent, reach, act, onClose } = props;
  const { agentId, practiceName } = agent;
  const done = useDone(onClose);
  const isRevoke = act === 'agent.revoke';
  const choices = isRevoke ? revokeReasons : releaseChoices;
  const [decision, setDecision] = useState<AskActRequest['decision']>(choices[0]);
  const type = isRevoke ? 'agent-revoke.ask' : 'agent-release.ask';
  return (
    <StepUpDialog
      title={
        isRevoke ? `Revoke the agent of ${practiceName}?` : `Release the agent of ${practiceName}?`
      }
      deed="Ask a second person"
      isDanger={isRevoke}
      action={{ type, agentId, decision, ...reachFields(reach) }}
      act={(stepUp) => askAct(agentId, { act, decision, stepUp })}
      onDone={() => done('It waits for a second security officer')}
      onClose={onClose}
    >
      <p>
        {isRevoke
          ? 'A revoked agent is out for good: the practice has to enrol anew.'
          : 'A released agent may join again at once.'}{' '}
        It happens when another security officer approves within the hour.
      </p>
      <RadioGroup
        label={isRevoke ? 'Why' : 'What happened'}
        choices={choices.map((value) => ({ value, label: wordOfDecision(value) }))}
        value={decision}
        onChange={(value) => setDecision(value as AskActRequest['decision'])}
      />
      <ReachWords reach={reach} />
    </StepUpDialog>
  );
}
