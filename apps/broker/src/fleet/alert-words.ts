/** What is said of an alert outside: codes, ids and times, the same by mail and by webhook. */
import type { AlertKind } from '#libs/console-api/operator.js';

/** later: it may work next time; never: it will not. */
export type NoticeOutcome = 'sent' | 'later' | 'never';

export interface AlertWord {
  alertId: string;
  ruleId: string;
  kind: AlertKind;
  agentId: string;
  cause: string;
  what: 'opened' | 'closed';
  openedAt: Date;
  closedAt: Date | null;
}

export const alertTitles: Record<AlertKind, string> = {
  'agent-unreachable': 'An agent is away',
  'data-path-failing': 'A practice’s database does not answer',
  'certificate-expiring': 'An agent’s certificate is about to end',
  'clock-skewed': 'An agent’s clock is wrong',
  'agent-quarantined': 'An agent is quarantined',
  'queue-growing': 'Queries pile up',
  'revocation-unconfirmed': 'A practice’s server has not confirmed an end of access',
  'log-contradicted': 'The audit logs contradict each other',
};

export const toUtc = (moment: Date): string =>
  `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
