/**
 * Which acts a reader is shown, and under which heading. An act that a reader has no list for concerns
 * them not: a practice never sees how an integrator keeps its keys, an integrator never what a
 * practice does among itself, the operator never what practices and integrators decide.
 */
import type { ActivityKind } from '#libs/console-api/activity.js';
import type { AuditAction } from '#libs/audit/audit-record.js';
import type { AuditScope } from '#libs/db/read-audit.js';

type Kinds = Partial<Record<ActivityKind, readonly AuditAction[]>>;

const work = [
  'query.executed',
  'query.refused',
  'query.failed',
  'query.submitted',
  'query.expired',
  'query.cancelled',
  'write.found',
  'result.purged',
  'registered.created',
  'registered.renewed',
  'registered.cancelled',
  'registered.ended',
] as const;

const retention = [
  'hold.placed',
  'hold.lifted',
  'retention.changed',
  'destruction.undone',
  'records.destroyed',
  'erasure.asked',
] as const;

const membership = [
  'activity.read',
  'activity.exported',
  'invitation.created',
  'invitation.withdrawn',
  'invitation.refused',
  'person.admitted',
  'role.granted',
  'role.ended',
] as const;

const keys = [
  'key.created',
  'key.rotated',
  'key.revoked',
  'key.refused',
  'token.issued',
  'token.refused',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'webhook.paused',
  'webhook-secret.rotated',
  'statement.submitted',
  'statement.withdrawn',
] as const;

const server = [
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
  'agent.diagnosed',
  'agent-act.asked',
  'agent-act.approved',
  'agent-act.declined',
  'site-hours.changed',
  'audit.reconciled',
  'log-alarm.settled',
  'update-window.changed',
] as const;

const incidents = [
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

export const activityKindsOf: Record<AuditScope['kind'], Kinds> = {
  practice: {
    records: work,
    permission: [
      'pairing-code.created',
      'pairing-code.redeemed',
      'pairing-code.refused',
      'access-request.created',
      'access-request.declined',
      'statement.asked',
      'grant.proposed',
      'grant.approved',
      'grant.revoked',
      'grant.refused',
      'access.paused',
      'access.resumed',
      'consent.withdrawn',
      'consent.restored',
      'consent.declared',
      'approver.admitted',
      'approver.removed',
    ],
    server: [...server, ...incidents],
    people: [
      'privacy-request.registered',
      'privacy-request.changed',
      'privacy-request.ended',
      'practice.created',
      'practice.changed',
      ...retention,
      ...membership,
    ],
  },
  integrator: {
    records: work,
    // What is decided about it and has come into force; not what a practice is about to do.
    permission: [
      'pairing-code.redeemed',
      'pairing-code.refused',
      'access-request.created',
      'access-request.declined',
      'statement.asked',
      'grant.approved',
      'grant.revoked',
      'grant.refused',
      'access.paused',
      'access.resumed',
      'incident.frozen',
      'incident.thawed',
    ],
    keys,
    people: ['integrator.created', 'integrator.changed', 'records.destroyed', ...membership],
  },
  operator: {
    server: [...server, ...incidents, 'alert-rule.changed'],
    keys: ['key.created', 'key.rotated', 'key.revoked'],
    people: [
      'practice.created',
      'integrator.created',
      ...retention,
      ...membership,
      'session.started',
      'session.ended',
      'step-up.refused',
      'passkey.added',
      'passkey.removed',
      'identity.linked',
      'identity.unlinked',
    ],
  },
};

/** Of one kind, or of all that the reader is shown. */
export const actionsOf = (
  reader: AuditScope['kind'],
  kind: ActivityKind | undefined,
): readonly AuditAction[] => {
  const kinds = activityKindsOf[reader];
  return kind === undefined ? Object.values(kinds).flat() : (kinds[kind] ?? []);
};

/** Undefined: no act that this reader is shown. */
export function activityKindOf(
  reader: AuditScope['kind'],
  type: AuditAction,
): ActivityKind | undefined {
  const kinds = Object.entries(activityKindsOf[reader]) as [ActivityKind, AuditAction[]][];
  return kinds.find(([, actions]) => actions.includes(type))?.[0];
}
