/**
 * One record per act, at each end. No payload, parameter, literal, message text or exact size has a
 * field here, so none can be written.
 */
export const auditActions = [
  'enrolment-code.created',
  'enrolment.refused',
  'agent.enrolled',
  'agent.joined',
  'agent.left',
  'agent.quarantined',
  'agent.released',
  'agent.revoked',
  'agent.recovered',
  'certificate.renewed',
  'encryption-key.rotated',
  'pairing-code.created',
  'pairing-code.redeemed',
  'pairing-code.refused',
  'access-request.created',
  'access-request.declined',
  'statement.submitted',
  'statement.withdrawn',
  'statement.asked',
  'grant.proposed',
  'grant.approved',
  'grant.revoked',
  'grant.refused',
  'approver.admitted',
  'approver.removed',
  'access.paused',
  'access.resumed',
  'consent.withdrawn',
  'consent.restored',
  'consent.declared',
  'privacy-request.registered',
  'privacy-request.changed',
  'privacy-request.ended',
  'practice.created',
  'practice.changed',
  'activity.read',
  'activity.exported',
  'integrator.created',
  'integrator.changed',
  'key.created',
  'key.rotated',
  'key.revoked',
  'key.refused',
  'token.issued',
  'token.refused',
  'query.executed',
  'query.refused',
  'query.failed',
  'write.found',
  'query.submitted',
  'query.expired',
  'query.cancelled',
  'result.purged',
  'registered.created',
  'registered.renewed',
  'registered.cancelled',
  'registered.ended',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'webhook.paused',
  'webhook-secret.rotated',
  'invitation.created',
  'invitation.withdrawn',
  'invitation.refused',
  'person.admitted',
  'role.granted',
  'role.ended',
  'session.started',
  'session.ended',
  'sign-in.refused',
  'step-up.refused',
  'passkey.added',
  'passkey.removed',
  'identity.linked',
  'identity.unlinked',
  'agent-act.asked',
  'agent-act.approved',
  'agent-act.declined',
  'agent.diagnosed',
  'alert-rule.changed',
  'site-hours.changed',
  'agent-log.checkpoint',
  'audit-log.checkpoint',
  'audit.reconciled',
  'log-alarm.settled',
  'hold.placed',
  'hold.lifted',
  'retention.changed',
  'destruction.undone',
  'records.destroyed',
  'erasure.asked',
  'update-window.changed',
  'incident.opened',
  'incident.changed',
  'incident.frozen',
  'incident.thaw-asked',
  'incident.thawed',
  'incident.pack-made',
  'incident.decided',
  'incident.closed',
  'incident.exported',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Fields are absent rather than null. Buckets come from libs/kernel/buckets.ts. */
export interface AuditRecord {
  /** ISO 8601 UTC. */
  ts: string;
  /** 128 random bits, base64url: whoever sees a leaf's hash cannot guess at what is in it. */
  salt?: string;
  type: AuditAction;
  practice?: string;
  site?: string;
  agent?: string;
  certSerial?: string;
  integrator?: string;
  keyId?: string;
  grantId?: string;
  grantSeq?: number;
  requestId?: string;
  queryId?: string;
  webhookId?: string;
  lane?: 'immediate' | 'async' | 'registered';
  mode?: 'reader' | 'nonQuery' | 'scalar';
  /** Name of a procedure, operation or registered statement that the grant itself names. */
  statementRef?: string;
  /** HMAC of the statement under a per-practice key held by the agent. */
  fingerprint?: string;
  purpose?: string;
  outcome?: 'successful' | 'refused' | 'failed' | 'cancelled' | 'lost';
  errorCode?: string;
  /** A word of ours that narrows the code, e.g. `signature-wrong`. */
  reason?: string;
  /** How many acts of this kind the record stands for; absent: one. */
  count?: number;
  sqlErrno?: number;
  durationBucket?: string;
  rowsBucket?: string;
  bytesBucket?: string;
  /** Of an agent's log: hash of the exact counts, which stay beside it (libs/audit/audit-line.ts). */
  countsHash?: string;
  /** Of a log's head that is recorded in another log: how many leaves, and their root in base64. */
  logSize?: number;
  logRoot?: string;
  /** A personId, an agent's id, or `operator`: never a name. */
  actorRef?: string;
  /** The personId of whom it was done to. */
  personRef?: string;
  /** Of reading: what was asked for, in ids and words of closed lists, e.g. `kind=records`. */
  filter?: string;
  /** Of the console: which role was offered, granted or ended. */
  role?: string;
}
