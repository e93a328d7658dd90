/**
 * Every line the agent can log, once, with the fields it may carry. There is no way to log free
 * text, a statement, a row, or the words of SQL Server or of a library.
 */
import type { SiteLoad, WitnessAlarm } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

export interface LogEvents {
  'agent.starting': { version: string; agentId: string; sites: number };
  'agent.stopping': { signal: string };
  'agent.stopped': object;
  'agent.failed': { code: ErrorCode };
  'link.connected': { host: string; viaProxy: boolean };
  'link.closed': { reason: string };
  /** Once per change of the diagnosis, with what a technician can do about it. */
  'link.failed': {
    code: ErrorCode;
    title: string;
    remedy: string;
    whoCanFix: string;
    reason?: string;
    host?: string;
  };
  /** This machine's clock minus the broker's. */
  'clock.skewed': { skewSeconds: number };
  /** Whole files of the journal that were older than it is kept. */
  'journal.pruned': { files: number };
  /**
   * Files of the agent's own audit log are gone or changed that can't be made again: records are still
   * written, and no more heads of it signed.
   */
  'agent-log.damaged': object;
  /** The broker says that this agent's log contradicts what it was told of it before. */
  'agent-log.refused': { alarm: WitnessAlarm };
  'agent-log.not-told': { code: ErrorCode };
  'clock.corrected': object;
  'certificate.renewed': { endsAt: string };
  'certificate.recovered': { endsAt: string };
  'certificate.renewal-failed': { code: ErrorCode };
  'encryption-key.rotated': object;
  'encryption-key.rotation-failed': { code: ErrorCode };
  'report.failed': { code: ErrorCode };
  /**
   * What was kept of the broker's audit log could not be read and was laid aside: what came before is held against nothing. Told at each
   * start until `audit-witness.json.damaged` is moved away.
   */
  'audit-witness.damaged': object;
  /** The broker's audit log contradicts what this agent has seen of it; nothing of it is cosigned any more. */
  'audit-log.contradicted': { alarm: WitnessAlarm; keptSize: number; shownSize: number };
  /** What is held back to spare the database server, and what was seen there. */
  'load.changed': { siteId: string; load: SiteLoad; cause?: 'slow' | 'blocking' };
  /** The operator's staff asked for the doctor's findings. */
  'doctor.run': { bad: number };
  'link-request.failed': { pattern: string; errorName: string };
  /** A document that did not pass the examination, and the word for why; `unsaid`: how many before it. */
  'grant.refused': { code: ErrorCode; reason: string; grantId?: string; unsaid?: number };
  /** A run of a registered query, by its code alone. */
  'registered.failed': { code: ErrorCode };
  /** Old rows of the write journal could not be removed. */
  'write-journal.failed': { siteId: string; code: ErrorCode };
}

export type LogEventName = keyof LogEvents;

export const logEventLevels: Record<LogEventName, 'error' | 'warn' | 'info' | 'debug'> = {
  'agent.starting': 'info',
  'agent.stopping': 'info',
  'agent.stopped': 'info',
  'agent.failed': 'error',
  'link.connected': 'info',
  'link.closed': 'info',
  'link.failed': 'error',
  'clock.skewed': 'warn',
  'agent-log.damaged': 'error',
  'agent-log.refused': 'error',
  'agent-log.not-told': 'warn',
  'journal.pruned': 'info',
  'clock.corrected': 'info',
  'certificate.renewed': 'info',
  'certificate.recovered': 'warn',
  'certificate.renewal-failed': 'warn',
  'encryption-key.rotated': 'info',
  'encryption-key.rotation-failed': 'warn',
  'report.failed': 'warn',
  'audit-witness.damaged': 'error',
  'audit-log.contradicted': 'error',
  'load.changed': 'warn',
  'doctor.run': 'info',
  'link-request.failed': 'error',
  'grant.refused': 'warn',
  'registered.failed': 'warn',
  'write-journal.failed': 'warn',
};
