/** What is wrong now, what was lately, and the rules that say so. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertRule } from '#libs/console-api/operator.js';
import { readAlerts, readRules } from '#apps/console/src/api/operator.js';
import { Asked } from '#apps/console/src/ui/asked.js';
import { Badge } from '#apps/console/src/ui/badge.js';
import { Button } from '#apps/console/src/ui/button.js';
import { Empty } from '#apps/console/src/ui/empty.js';
import { Notice } from '#apps/console/src/ui/notice.js';
import { actsColumn, Table, type Column } from '#apps/console/src/ui/table.js';
import { Tabs } from '#apps/console/src/ui/tabs.js';
import { alertWords } from './agent-words.js';
import { AlertTable } from './alert-table.js';
import { OperatorPage, useHolds } from './operator-page.js';
import { lastsWords, RuleDialog } from './rule-dialog.js';

export default function AlertsPage() {
  return (
    <OperatorPage
      wide
      title="Alerts"
      lead="Each trouble of an agent is one alert. When it comes back within ten minutes, it is still the same one."
    >
      <Tabs
        label="Alerts"
        parts={[
          { id: 'open', label: 'Open', content: <OpenAlerts /> },
          { id: 'closed', label: 'Over', content: <ClosedAlerts /> },
          { id: 'rules', label: 'Rules', content: <Rules /> },
        ]}
      />
    </OperatorPage>
  );
}

const useAlerts = () => useQuery({ queryKey: ['operator', 'alerts'], queryFn: readAlerts });

function OpenAlerts() {
  return (
    <Asked query={useAlerts()}>
      {({ open, openTotal }) =>
        open.length === 0 ? (
          <Empty title="Nothing is wrong">Alerts show up here by themselves.</Empty>
        ) : (
          <>
            {openTotal > open.length && (
              <Notice tone="warning" title={`${openTotal} alerts are open`}>
                The oldest {open.length} are shown.
              </Notice>
            )}
            <AlertTable alerts={open} caption="Open alerts" />
          </>
        )
      }
    </Asked>
  );
}

function ClosedAlerts() {
  return (
    <Asked query={useAlerts()}>
      {({ closed }) =>
        closed.length === 0 ? (
          <Empty title="No alert has ended yet">Those that are over stay here for 90 days.</Empty>
        ) : (
          <AlertTable alerts={closed} caption="Alerts that are over" />
        )
      }
    </Asked>
  );
}

function Rules() {
  const isOfficer = useHolds('operator-security');
  const [asked, setAsked] = useState<AlertRule>();
  const rules = useQuery({ queryKey: ['operator', 'rules'], queryFn: readRules });
  return (
    <Asked query={rules}>
      {(found) => (
        <>
          <Table
            caption="Rules"
            columns={columns(isOfficer ? setAsked : undefined)}
            rows={found}
            rowKey={({ ruleId }) => ruleId}
          />
          {asked && <RuleDialog rule={asked} onClose={() => setAsked(undefined)} />}
        </>
      )}
    </Asked>
  );
}

function columns(onChange: ((rule: AlertRule) => void) | undefined): Column<AlertRule>[] {
  const acts: Column<AlertRule> = {
    ...actsColumn,
    cell: (rule) => (
      <Button aria-label={`Change ${alertWords[rule.kind]}`} onPress={() => onChange?.(rule)}>
        Change
      </Button>
    ),
  };
  return [
    {
      key: 'kind',
      label: 'Rule',
      cell: ({ kind, isOn }) => (
        <span className="cluster">
          <strong>{alertWords[kind]}</strong>
          {!isOn && <Badge>Off</Badge>}
        </span>
      ),
    },
    { key: 'when', label: 'When', cell: (rule) => lastsWords(rule) },
    {
      key: 'hours',
      label: 'Hours',
      cell: ({ keepsHours }) => (keepsHours ? 'While the site is open' : 'At any time'),
    },
    {
      key: 'told',
      label: 'Who is told',
      cell: ({ emails, webhookUrl }) => (
        <span className="two-lines">
          {emails.map((email) => (
            <span key={email}>{email}</span>
          ))}
          {webhookUrl !== undefined && <span>A webhook</span>}
          {emails.length === 0 && webhookUrl === undefined && (
            <span className="quiet">Nobody; it shows here only</span>
          )}
        </span>
      ),
    },
    ...(onChange ? [acts] : []),
  ];
}
