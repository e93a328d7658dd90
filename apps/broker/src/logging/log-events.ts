/**
 * Every line the broker can log, once, with the fields it may carry. There is no way to log free
 * text, a request body, a query string, an address line or an error message of a library.
 */
import type { WitnessAlarm } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { JobName, QueueName } from '#libs/queue/jobs.js';

export interface LogEvents {
  'broker.starting': { version: string; roles: string; embeddedDatabase: boolean };
  'broker.listening': { what: 'api' | 'gateway' | 'nodes' | 'console' | 'metrics'; port: number };
  'broker.stopping': { signal: string };
  'broker.stopped': { unfinishedRequests: number };
  'broker.failed': {
    code: ErrorCode;
    errorName?: string;
    at?: string;
    /** The operating system's, e.g. EADDRINUSE, and the port that it was about. */
    systemCode?: string;
    port?: number;
  };
  'request.failed': {
    requestId: string;
    code: ErrorCode;
    status: number;
    route: string;
    /** Class name and our own stack positions of a stranger's error, never its message. */
    errorName?: string;
    at?: string;
  };
  'auth.refused': { requestId: string; code: ErrorCode; keyId?: string };
  'auth.throttled': { requestId: string };
  'audit.stalled': { sinceMs: number; waiting: number };
  /** `dropped`: refusals for which there was no room in memory. */
  'audit.recovered': { written: number; dropped: number };
  /** Records are stored, and nobody gets them into the log. */
  'audit-log.stalled': {
    reason: 'idle' | 'unavailable' | 'other-key' | 'damaged';
    sinceMs: number;
  };
  'audit-log.recovered': { size: number };
  /** A witness found that the log contradicts what it had seen of it. */
  'audit-log.contradicted': { agentId: string; alarm: WitnessAlarm };
  /** A witness from outside has a head that this log signed and that is not this log's. */
  'audit-log.forked': { witness: string; size: number };
  /** The agent's own log contradicts what the broker was told of it. */
  'agent-log.contradicted': { agentId: string; alarm: WitnessAlarm };
  /** An agent's records and ours contradict each other, or its own are not proven by its log. */
  'audit.mismatched': { agentId: string; outcome: string; found: number };
  'witness.failed': { agentId: string; code: ErrorCode };
  'store.unavailable': {
    what:
      | 'keys'
      | 'sites'
      | 'grants'
      | 'agents'
      | 'webhooks'
      | 'registered'
      | 'pauses'
      | 'fleet'
      | 'evidence';
  };
  'agent.attached': { agentId: string; practiceId: string };
  'agent.detached': { agentId: string; reason: string };
  'agent.refused': { agentId?: string; code: ErrorCode };
  'agent.revoked': { agentId: string };
  'agent.quarantined': { agentId: string; reason: string };
  'agent.released': { agentId: string };
  /** Another node's link to this one. */
  'node.attached': { nodeId: string };
  'node.detached': { nodeId: string; reason: string };
  'node.refused': { code: ErrorCode };
  /** This node holds no link to that one, whose agents' sites look offline to callers here. */
  'node.unreachable': { nodeId: string; code: ErrorCode };
  /** Not dialled: its address is not declared for `node` (docs/residency.md). */
  'node.undeclared': { nodeId: string };
  /** A message of an agent or a node met an error that is not ours. */
  'link-request.failed': { pattern: string; errorName: string };
  /** The broker's own, on one of its listeners. */
  'certificate.renewed': { what: 'api' | 'gateway'; endsAt?: string };
  'certificate.issued': { agentId: string; serial: string };
  /** The mail server did not take an invitation; its answer's number, when it gave one. */
  'mail.failed': { responseCode?: number };
  'grant.stored': { grantId: string; seq: number; siteId: string };
  'pairing.redeemed': { siteId: string; integratorId: string };
  'jobs.off': { reason: 'no-redis' };
  /** `last`: no attempt follows. */
  'job.failed': { job: JobName; code: ErrorCode; last: boolean; errorName?: string; at?: string };
  /** It came after its deadline. */
  'job.dropped': { job: JobName };
  'queue.lost': { queue: QueueName };
  'queue.recovered': { queue: QueueName };
  /** The queue's own error; BullMQ numbers its own. */
  'queue.faulted': { queue: QueueName; errorName: string; code?: number };
  /** A run of an async query met what is not its own fault; its claim ends by itself. */
  'query-run.failed': { code: ErrorCode; errorName?: string; at?: string };
  /** Wrong codes of all integrators together in an hour are beyond what mistakes explain. */
  'pairing.guessed': { wrongTries: number };
  /** An endpoint failed for so long that nothing more is sent to it. */
  'webhook.paused': { webhookId: string; reason: 'failing' };
  /** Told while the store was away for too long: nobody will hear of them. */
  'webhook-events.dropped': { count: number };
  /** Of alerts, to those who were to be told: given up. */
  'alert-notices.failed': { count: number };
}

export type LogEventName = keyof LogEvents;

export const logEventLevels: Record<LogEventName, 'error' | 'warn' | 'info' | 'debug'> = {
  'broker.starting': 'info',
  'broker.listening': 'info',
  'broker.stopping': 'info',
  'broker.stopped': 'info',
  'broker.failed': 'error',
  'request.failed': 'error',
  'auth.refused': 'warn',
  'auth.throttled': 'warn',
  'audit.stalled': 'error',
  'audit.recovered': 'warn',
  'audit-log.stalled': 'error',
  'audit-log.recovered': 'warn',
  'audit-log.contradicted': 'error',
  'audit-log.forked': 'error',
  'agent-log.contradicted': 'error',
  'audit.mismatched': 'error',
  'witness.failed': 'warn',
  'store.unavailable': 'error',
  'agent.attached': 'info',
  'agent.detached': 'info',
  'agent.refused': 'warn',
  'agent.revoked': 'warn',
  'agent.quarantined': 'warn',
  'agent.released': 'warn',
  'node.attached': 'info',
  'node.detached': 'info',
  'node.refused': 'warn',
  'node.unreachable': 'warn',
  'node.undeclared': 'warn',
  'link-request.failed': 'error',
  'certificate.renewed': 'info',
  'certificate.issued': 'info',
  'mail.failed': 'error',
  'grant.stored': 'info',
  'pairing.redeemed': 'info',
  'jobs.off': 'warn',
  'job.failed': 'error',
  'job.dropped': 'warn',
  'queue.lost': 'warn',
  'queue.recovered': 'info',
  'queue.faulted': 'error',
  'query-run.failed': 'error',
  'pairing.guessed': 'error',
  'webhook.paused': 'warn',
  'webhook-events.dropped': 'error',
  'alert-notices.failed': 'error',
};
