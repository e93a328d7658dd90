/** What the audit logs found wrong about an agent; a security officer says why it is over. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { LogAlarm, LogAlarmOf, SettledLogAlarm } from '#libs/console-api/reconciliation.js';
import { readLogAlarms, settleLogAlarm } from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Button, ButtonLink } from '#apps/console/src/ui/button.js';
import { DateTime } from '#apps/console/src/ui/date-time.js';
import { Notice, ProblemNotice } from '#apps/console/src/ui/notice.js';
import { Section } from '#apps/console/src/ui/page.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { REFRESH_MS } from './operator-page.js';

const LEAST_REASON = 10;
const MOST_REASON = 500;

const titles: Record<LogAlarmOf, string> = {
  'audit-log': 'This agent says that our audit log contradicts what it has seen',
  'agent-log': 'This agent’s own log contradicts what it told us',
  records: 'Our records and this agent’s own do not agree',
};

/** What ends with it, and what does not. */
const ends: Record<LogAlarmOf, string> = {
  'audit-log':
    'The alert ends. The agent goes on refusing until its witness file was moved away on the practice’s server.',
  'agent-log':
    'The next head of its log is taken as a new beginning, as after a restore from a backup. Both heads are kept.',
  records: 'The alert ends. The queries stay listed on this page, with both records of each.',
};

const words: Record<string, string> = {
  fork: 'two histories of the same length or from the same beginning',
  'roll-back': 'a log that became shorter',
  'other-log': 'another key or name',
  'records-differ': 'records that do not match',
  'records-unproven': 'its own log does not prove what it did, or is not shown to us',
};

/** Nothing at all while there was never an alarm. */
export function LogAlarmsSection({ agentId }: { agentId: string }) {
  const queryKey = ['operator', 'log-alarms', agentId];
  const queries = useQueryClient();
  const [asked, setAsked] = useState<LogAlarm>();
  const found = useQuery({
    queryKey,
    queryFn: () => readLogAlarms(agentId),
    refetchInterval: REFRESH_MS,
  });
  if (found.isError && !found.data) return <ProblemNotice error={found.error} />;
  const { open = [], settled = [] } = found.data ?? {};
  if (open.length === 0 && settled.length === 0) return null;
  return (
    <Section title="Audit logs">
      {open.map((alarm) => (
        <Notice
          key={alarm.about}
          tone="bad"
          title={titles[alarm.about]}
          action={
            <div className="cluster">
              <Button onPress={() => setAsked(alarm)}>Settle…</Button>
              <ButtonLink to={`/operator/incidents/new?agent=${agentId}`}>
                Open an incident
              </ButtonLink>
            </div>
          }
        >
          <p>
            Since <DateTime value={alarm.since} />: <Word alarm={alarm} />.
          </p>
        </Notice>
      ))}
      {settled.length > 0 && <Settled alarms={settled} />}
      {asked && (
        <SettleDialog
          agentId={agentId}
          alarm={asked}
          onClose={() => setAsked(undefined)}
          onDone={() => {
            toast('Settled');
            setAsked(undefined);
            void queries.invalidateQueries({ queryKey: ['operator'] });
          }}
        />
      )}
    </Section>
  );
}

function Word({ alarm: { alarm, incidents } }: { alarm: LogAlarm }) {
  const word = words[alarm] ?? alarm;
  return <>{incidents === undefined ? word : `${word}: ${incidents.toLocaleString('en-AU')}`}</>;
}

function Settled({ alarms }: { alarms: readonly SettledLogAlarm[] }) {
  return (
    <ul>
      {alarms.map((alarm) => (
        <li key={`${alarm.about} ${alarm.settledAt}`}>
          <DateTime value={alarm.settledAt} />: {titles[alarm.about]} (<Word alarm={alarm} />) –
          settled{alarm.settledBy !== undefined && ` by ${alarm.settledBy}`}: “{alarm.reason}”
        </li>
      ))}
    </ul>
  );
}

interface SettleDialogProps {
  agentId: string;
  alarm: LogAlarm;
  onDone: () => void;
  onClose: () => void;
}

function SettleDialog({ agentId, alarm: { about }, onDone, onClose }: SettleDialogProps) {
  const [said, setSaid] = useState('');
  const reason = said.trim();
  return (
    <StepUpDialog
      title="Settle this alarm?"
      deed="Settle"
      action={{ type: 'log-alarm.settle', agentId, about, reason }}
      act={(stepUp) => settleLogAlarm(agentId, { about, reason, stepUp })}
      onDone={onDone}
      onClose={onClose}
    >
      <p>{ends[about]}</p>
      <TextField
        label="Why it is over"
        hint="At least ten characters. It stays for good; write no names and nothing about patients."
        rows={3}
        value={said}
        onChange={setSaid}
        minLength={LEAST_REASON}
        maxLength={MOST_REASON}
        isRequired
      />
    </StepUpDialog>
  );
}
