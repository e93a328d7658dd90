/**
 * What an audit record says to whom it concerns: one sentence for each act. It names who, what and
 * where; it has nothing to say about whose record was read, because nothing of it is known.
 */
import type { AuditAction, AuditRecord } from '#libs/audit/audit-record.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';

/** Names in place of ids, where they are known. */
export interface ShownNames {
  integrator?: string;
  site?: string;
  /** Told to those alone who have to do with many. */
  practice?: string;
}

const roles: Record<string, string> = {
  'practice-owner': 'practice owner',
  'practice-manager': 'practice manager',
  'practice-auditor': 'auditor',
  'msp-technician': 'IT technician',
  'integrator-admin': 'administrator of an integrator',
  'integrator-developer': 'developer of an integrator',
  'operator-support': 'support of Conduit',
  'operator-security': 'security officer of Conduit',
};

type Sentence = (record: AuditRecord, who: string, where: string) => string;

/** A drill's records say so before anything else. */
const isOfDrill = ({ reason = '' }: AuditRecord): boolean => /^drill( |$)/.test(reason);

const inEarnest =
  (sentence: string, ofDrill: string): Sentence =>
  (record) =>
    isOfDrill(record) ? ofDrill : sentence;

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
  'agent.quarantined': ({ reason }) =>
    reason === 'operator'
      ? 'The practice’s server was shut out by Conduit’s staff, until they let it in again.'
      : 'The practice’s server was shut out: it may be a copy of itself.',
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
  'hold.placed': () => 'A hold was placed: what it reaches is not destroyed.',
  'hold.lifted': () => 'A hold was lifted.',
  'retention.changed': () => 'How long records are kept was changed.',
  'destruction.undone': () => 'What was planned to be destroyed is kept for now.',
  'records.destroyed': ({ reason }) =>
    reason === 'person-name' || reason === 'contact-name'
      ? 'A name was erased, by the retention schedule or because somebody asked.'
      : 'Records were destroyed by the retention schedule.',
  'erasure.asked': () => 'Somebody asked for the name of a person who has left to be erased.',
  'log-alarm.settled': () =>
    'Conduit’s security officer looked at an alarm about the audit logs and settled it.',
  'update-window.changed': () => 'The hours in which the server may be updated were changed.',
  'privacy-request.registered': () => 'A privacy request or a complaint was registered.',
  'privacy-request.changed': () => 'Something was done about a privacy request or a complaint.',
  'privacy-request.ended': () => 'A privacy request or a complaint was ended.',
  'practice.created': () => 'The practice was registered.',
  'practice.changed': () => 'The practice’s settings were changed.',
  'activity.exported': () => 'This list was exported.',
  'activity.read': ({ filter }) => {
    if (filter?.startsWith('record=')) return 'A record of this list was opened, with its proof.';
    if (filter === 'many') return 'Much of this list was looked at, or many of its records opened.';
    return filter?.startsWith('reconciliations=')
      ? 'What came of comparing the records of Conduit and of the practice’s server was looked at.'
      : 'This list was looked at.';
  },
  'invitation.created': ({ role }) => `Somebody was invited as ${roles[role ?? ''] ?? 'a member'}.`,
  'invitation.withdrawn': () => 'An invitation was withdrawn.',
  'invitation.refused': () => 'An invitation was refused: its link was wrong, used or expired.',
  'person.admitted': () => 'Somebody accepted an invitation.',
  'role.granted': ({ role }) => `Somebody became ${roles[role ?? ''] ?? 'a member'}.`,
  'integrator.created': (_, who) => `${who} was registered.`,
  'integrator.changed': (_, who) => `${who} changed what it declares to practices.`,
  'key.created': (_, who) => `${who} got an API key.`,
  'key.rotated': (_, who) => `${who} replaced an API key.`,
  'key.revoked': (_, who) => `An API key of ${who} was revoked.`,
  'key.refused': (record, who) => `An API key of ${who} was refused${because(record)}`,
  'token.issued': (_, who) => `${who} got an access token.`,
  'token.refused': (record, who) => `${who} was refused an access token${because(record)}`,
  'webhook.created': (_, who) => `${who} made a webhook endpoint.`,
  'webhook.changed': (_, who) => `${who} changed a webhook endpoint.`,
  'webhook.deleted': (_, who) => `${who} deleted a webhook endpoint.`,
  'webhook.paused': (_, who) => `A webhook endpoint of ${who} was paused.`,
  'webhook-secret.rotated': (_, who) => `${who} replaced the secret of a webhook endpoint.`,
  'statement.submitted': (_, who) => `${who} submitted a statement for practices to agree to.`,
  'statement.withdrawn': (_, who) => `${who} withdrew a statement.`,
  'incident.opened': inEarnest('An incident was opened.', 'A drill of an incident was begun.'),
  'incident.changed': inEarnest(
    'Something was done about an incident.',
    'Something was done in a drill of an incident.',
  ),
  'incident.frozen': ({ integrator, keyId }, who, where) =>
    integrator === undefined
      ? `Access${where} was frozen while an incident is looked into.`
      : `${keyId === undefined ? who : `An API key of ${who}`} was frozen${where} while an incident is looked into.`,
  'incident.thaw-asked': () => 'The end of a freeze was asked for; a second person decides.',
  'incident.thawed': ({ integrator, keyId }, who, where) =>
    integrator === undefined
      ? `Access${where} is no longer frozen.`
      : `${keyId === undefined ? who : `An API key of ${who}`} is no longer frozen${where}.`,
  'incident.pack-made': inEarnest(
    'The evidence of an incident was gathered.',
    'The evidence of a drill of an incident was gathered.',
  ),
  'incident.decided': inEarnest(
    'It was decided whether an incident has to be notified.',
    'In a drill of an incident it was decided whether it has to be notified.',
  ),
  'incident.closed': inEarnest('An incident was closed.', 'A drill of an incident was closed.'),
  'incident.exported': inEarnest(
    'The file of an incident was exported.',
    'The file of a drill of an incident was exported.',
  ),
  'alert-rule.changed': () => 'A rule for alerts was changed.',
  'session.started': () => 'Somebody signed in.',
  'session.ended': () => 'Somebody signed out.',
  'step-up.refused': () => 'A confirmation by passkey was refused.',
  'passkey.added': () => 'A passkey was added.',
  'passkey.removed': () => 'A passkey was removed.',
  'identity.linked': () => 'A work account was linked.',
  'identity.unlinked': () => 'A work account was unlinked.',
  'role.ended': ({ role }) => `The role of ${roles[role ?? ''] ?? 'a member'} ended.`,
};

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** One sentence. */
export function activityWords(record: AuditRecord, names: ShownNames): string {
  const isPause = record.type === 'access.paused' || record.type === 'access.resumed';
  const nobody = isPause ? 'All software' : 'An integrator';
  const who = record.integrator === undefined ? nobody : (names.integrator ?? 'An integrator');
  const places = [names.site, names.practice].filter((place) => place !== undefined);
  // A practice with one site often has one name for both.
  const where = places.length === 0 ? '' : ` at ${[...new Set(places)].join(', ')}`;
  const said = sentences[record.type]?.(record, who, where) ?? 'Something was done.';
  const isSaid = names.practice === undefined || said.includes(names.practice);
  const sentence = isSaid ? said : `${names.practice}: ${said}`;
  const times = record.count ?? 1;
  return times > 1 ? `${sentence} (${times.toLocaleString('en-AU')} times)` : sentence;
}
