/**
 * What an audit record says to somebody at the practice: one sentence for each act. It names who,
 * what and where; it has nothing to say about whose record was read, because nothing of it is known.
 */
import type { ActivityKind } from '#libs/console-api/practice.js';
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';

/** Which part of the page an act belongs to. Acts that are not listed concern nobody at a practice. */
export const kindActions: Record<ActivityKind, readonly AuditAction[]> = {
  records: [
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
  ],
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
  server: [
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
    'update-window.changed',
  ],
  people: [
    'privacy-request.registered',
    'privacy-request.changed',
    'privacy-request.ended',
    'practice.created',
    'practice.changed',
    'activity.exported',
    'invitation.created',
    'invitation.withdrawn',
    'invitation.refused',
    'person.admitted',
    'role.granted',
    'role.ended',
  ],
};

const kindOf = new Map(
  Object.entries(kindActions).flatMap(([kind, actions]) =>
    actions.map((action) => [action, kind as ActivityKind] as const),
  ),
);

/** Undefined: no act that a practice is shown. */
export const activityKindOf = (type: AuditAction): ActivityKind | undefined => kindOf.get(type);

/** Names in place of ids, where they are known. */
export interface ActivityNames {
  integrator?: string;
  site?: string;
}

const roles: Record<string, string> = {
  'practice-owner': 'practice owner',
  'practice-manager': 'practice manager',
  'practice-auditor': 'auditor',
  'msp-technician': 'IT technician',
};

type Sentence = (record: AuditRecord, who: string, where: string) => string;

const doing = ({ mode, statementRef }: AuditRecord): string => {
  const what = mode === 'nonQuery' ? 'changed data' : 'read data';
  return statementRef === undefined ? what : `${what} with ${statementRef}`;
};

const because = ({ errorCode }: AuditRecord): string =>
  isErrorCode(errorCode) ? `: ${lowerFirst(catalogue[errorCode].title)}` : '.';

const sentences: Partial<Record<AuditAction, Sentence>> = {
  'query.executed': (record, who, where) => `${who} ${doing(record)}${where}.`,
  'query.refused': (record, who, where) => `${who} was refused${where}${because(record)}`,
  'query.failed': (record, who, where) =>
    `A query of ${who}${where} did not succeed${because(record)}`,
  'query.submitted': (_, who, where) => `${who} left a query to run when it can${where}.`,
  'query.expired': (_, who, where) => `A query of ${who}${where} waited too long and was dropped.`,
  'query.cancelled': (_, who, where) => `${who} took back a query${where}.`,
  'write.found': (_, who, where) => `${who} asked whether a change was made${where}.`,
  'result.purged': (_, who, where) => `A waiting result of ${who}${where} was destroyed.`,
  'registered.created': (_, who, where) =>
    `${who} registered a query that runs by a timetable${where}.`,
  'registered.renewed': (_, who, where) => `${who} renewed a registered query${where}.`,
  'registered.cancelled': (_, who, where) => `${who} ended a registered query${where}.`,
  'registered.ended': (_, who, where) => `A registered query of ${who}${where} came to its end.`,
  'pairing-code.created': (_, __, where) => `A pairing code was made${where}.`,
  'pairing-code.redeemed': (_, who, where) => `${who} used a pairing code${where}.`,
  'pairing-code.refused': (_, who, where) => `${who} tried a wrong pairing code${where}.`,
  'access-request.created': (_, who, where) => `${who} asks for access${where}.`,
  'access-request.declined': (_, who, where) => `The request of ${who} was declined${where}.`,
  'statement.asked': (_, who, where) => `${who} asks to run an agreed statement${where}.`,
  'grant.proposed': (_, who, where) =>
    `A decision about ${who} was signed and sent to the practice’s server${where}.`,
  'grant.approved': (_, who, where) => `The permission of ${who} came into force${where}.`,
  'grant.revoked': (_, who, where) => `The permission of ${who} was withdrawn${where}.`,
  'grant.refused': (_, who, where) =>
    `The practice’s server refused a permission for ${who}${where}.`,
  'access.paused': (_, who) => `${who} was paused.`,
  'access.resumed': (_, who) => `${who} may go on.`,
  'consent.withdrawn': ({ integrator }, who, where) =>
    `A patient withdrew consent to access by ${integrator ? who : 'any software'}${where}.`,
  'consent.restored': ({ integrator }, who, where) =>
    `A patient’s consent to access by ${integrator ? who : 'software'} was restored${where}.`,
  'consent.declared': (_, __, where) =>
    `What is done for patients who withdrew was changed on the practice’s server${where}.`,
  'approver.admitted': () =>
    'A passkey was admitted on the practice’s server: it can approve from now on.',
  'approver.removed': () =>
    'A passkey was removed on the practice’s server: it can no longer approve.',
  'enrolment-code.created': () => 'An install code for the practice’s server was made.',
  'enrolment.refused': () => 'An install code was refused.',
  'agent.enrolled': () => 'Conduit was set up on a server of the practice.',
  'agent.joined': () => 'The practice’s server connected.',
  'agent.left': () => 'The practice’s server disconnected.',
  'agent.quarantined': () => 'The practice’s server was shut out: it may be a copy of itself.',
  'agent.released': () => 'The practice’s server was let in again.',
  'agent.revoked': () => 'The practice’s server was shut out for good.',
  'agent.recovered': () => 'The practice’s server came back after a long absence.',
  'certificate.renewed': () => 'The practice’s server renewed its certificate.',
  'encryption-key.rotated': () => 'The practice’s server changed its encryption key.',
  'agent.diagnosed': () => 'Conduit staff asked the practice’s server how it is.',
  'agent-act.asked': () =>
    'Conduit staff asked for a second pair of eyes on an act about the server.',
  'agent-act.approved': () =>
    'A second member of Conduit’s staff agreed to an act about the server.',
  'agent-act.declined': () =>
    'A second member of Conduit’s staff declined an act about the server.',
  'site-hours.changed': () => 'The opening hours of a site were changed.',
  'audit.reconciled': ({ outcome }) =>
    outcome === 'successful'
      ? 'The records of Conduit and of the practice’s server were compared, and match.'
      : 'The records of Conduit and of the practice’s server were compared, and do not match.',
  'update-window.changed': () => 'The hours in which the server may be updated were changed.',
  'privacy-request.registered': () => 'A privacy request or a complaint was registered.',
  'privacy-request.changed': () => 'Something was done about a privacy request or a complaint.',
  'privacy-request.ended': () => 'A privacy request or a complaint was ended.',
  'practice.created': () => 'The practice was registered.',
  'practice.changed': () => 'The practice’s settings were changed.',
  'activity.exported': () => 'This list was exported.',
  'invitation.created': ({ role }) => `Somebody was invited as ${roles[role ?? ''] ?? 'a member'}.`,
  'invitation.withdrawn': () => 'An invitation was withdrawn.',
  'invitation.refused': () => 'An invitation was refused: its link was wrong, used or expired.',
  'person.admitted': () => 'Somebody accepted an invitation.',
  'role.granted': ({ role }) => `Somebody became ${roles[role ?? ''] ?? 'a member'}.`,
  'role.ended': ({ role }) => `The role of ${roles[role ?? ''] ?? 'a member'} ended.`,
};

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** One sentence. */
export function activityWords(record: AuditRecord, names: ActivityNames): string {
  const isPause = record.type === 'access.paused' || record.type === 'access.resumed';
  const nobody = isPause ? 'All software' : 'An integrator';
  const who = record.integrator === undefined ? nobody : (names.integrator ?? 'An integrator');
  const where = names.site === undefined ? '' : ` at ${names.site}`;
  const sentence = sentences[record.type]?.(record, who, where) ?? 'Something was done.';
  const times = record.count ?? 1;
  return times > 1 ? `${sentence} (${times.toLocaleString('en-AU')} times)` : sentence;
}
