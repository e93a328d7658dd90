/** Changes a rule: a security officer, by passkey over the whole new rule. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AlertKind, AlertRule, ChangeAlertRuleRequest } from '#libs/console-api/operator.js';
import { changeRule } from '#apps/console/src/api/operator.js';
import { StepUpDialog } from '#apps/console/src/session/step-up-dialog.js';
import { Checkbox } from '#apps/console/src/ui/choices.js';
import { CodeLine } from '#apps/console/src/ui/copy-button.js';
import { TextField } from '#apps/console/src/ui/text-field.js';
import { toast } from '#apps/console/src/ui/toast.js';
import { alertWords } from './agent-words.js';

const MINUTE_SECONDS = 60;

const thresholdWords: Partial<Record<AlertKind, string>> = {
  'certificate-expiring': 'Hours left',
  'clock-skewed': 'Seconds off',
  'queue-growing': 'Queries waiting',
};

const beyondWords: Partial<Record<AlertKind, (threshold: number) => string>> = {
  'certificate-expiring': (hours) => `${hours} hours before it ends`,
  'clock-skewed': (seconds) => `${seconds} seconds off`,
  'queue-growing': (queries) => `${queries} queries waiting`,
};

/** `After 10 minutes`, `20 queries waiting, after 15 minutes`. */
export function lastsWords({ kind, afterSeconds, threshold }: AlertRule): string {
  const minutes = Math.round(afterSeconds / MINUTE_SECONDS);
  const lasts =
    minutes === 0 ? 'at once' : `after ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  const beyond = threshold === undefined ? undefined : beyondWords[kind]?.(threshold);
  return [beyond, lasts]
    .filter((part) => part !== undefined)
    .join(', ')
    .replace(/^./, (first) => first.toUpperCase());
}

export function RuleDialog({ rule, onClose }: { rule: AlertRule; onClose: () => void }) {
  const queries = useQueryClient();
  const { ruleId, kind, webhookSecret } = rule;
  const [isOn, setOn] = useState(rule.isOn);
  const [keepsHours, setKeepsHours] = useState(rule.keepsHours);
  const [minutes, setMinutes] = useState(String(Math.round(rule.afterSeconds / MINUTE_SECONDS)));
  const [threshold, setThreshold] = useState(String(rule.threshold ?? ''));
  const [emails, setEmails] = useState(rule.emails.join('\n'));
  const [webhookUrl, setWebhookUrl] = useState(rule.webhookUrl ?? '');
  const change: Omit<ChangeAlertRuleRequest, 'stepUp'> = {
    isOn,
    afterSeconds: Math.round(Number(minutes)) * MINUTE_SECONDS,
    ...(threshold !== '' && { threshold: Math.round(Number(threshold)) }),
    keepsHours,
    emails: emails.split(/[\s,;]+/).filter((email) => email !== ''),
    ...(webhookUrl !== '' && { webhookUrl }),
  };
  const limit = thresholdWords[kind];
  return (
    <StepUpDialog
      title={`Change “${alertWords[kind]}”`}
      deed="Save rule"
      action={{ type: 'alert-rule.change', ruleId, ...change }}
      act={(stepUp) => changeRule(ruleId, { ...change, stepUp })}
      onDone={() => {
        toast('Rule saved');
        void queries.invalidateQueries({ queryKey: ['operator', 'rules'] });
        onClose();
      }}
      onClose={onClose}
    >
      <Checkbox label="On" isSelected={isOn} onChange={setOn} />
      <TextField
        label="Minutes it must last"
        inputMode="numeric"
        value={minutes}
        onChange={setMinutes}
      />
      {limit !== undefined && (
        <TextField label={limit} inputMode="numeric" value={threshold} onChange={setThreshold} />
      )}
      <Checkbox
        label="Only while a site is open"
        hint="Counted from the opening on, in the site’s own zone."
        isSelected={keepsHours}
        onChange={setKeepsHours}
      />
      <TextField
        label="Mail to"
        hint="One address a line"
        rows={3}
        value={emails}
        onChange={setEmails}
      />
      <TextField
        label="Webhook"
        hint="https; Standard Webhooks, signed"
        value={webhookUrl}
        onChange={setWebhookUrl}
      />
      {webhookSecret !== undefined && (
        <>
          <p className="quiet">Its signatures are checked with</p>
          <CodeLine text={webhookSecret} what="the webhook’s secret" />
        </>
      )}
    </StepUpDialog>
  );
}
