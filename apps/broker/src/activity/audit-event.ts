/**
 * An act as an HL7 FHIR R4 AuditEvent, after IHE's Basic Audit Log Patterns (BALP) as far as a record
 * without payload can go; docs/audit-reading.md has what is not there. Its id is the record's leaf hash:
 * whoever holds a proof of the log finds the event by it.
 */
import type { Act } from '#apps/broker/src/activity/read-activity.js';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import { catalogue, isErrorCode } from '#libs/errors/catalogue.js';
import { purposeText } from '#libs/grants/purpose-words.js';

interface Coding {
  system: string;
  code: string;
  display: string;
}
interface Named {
  identifier?: { value: string };
  display?: string;
}
interface Agent {
  type: { coding: Coding[] };
  who: Named;
  requestor: boolean;
}
interface Entity {
  what?: Named;
  type: Coding;
  role?: Coding;
  name?: string;
  detail?: { type: string; valueString: string }[];
}

const HL7 = 'http://terminology.hl7.org/CodeSystem';
const dicom = (code: string, display: string): Coding => ({
  system: 'http://dicom.nema.org/resources/ontology/DCM',
  code,
  display,
});
const hl7 = (list: string, code: string, display: string): Coding => ({
  system: `${HL7}/${list}`,
  code,
  display,
});

const events = {
  query: dicom('110112', 'Query'),
  logUsed: dicom('110101', 'Audit Log Used'),
  export: dicom('110106', 'Export'),
  network: dicom('110108', 'Network Entry'),
  authentication: dicom('110114', 'User Authentication'),
  security: dicom('110113', 'Security Alert'),
  application: dicom('110100', 'Application Activity'),
};

/** By the noun of an action; any other is an application's own activity. */
const eventsOfNouns: Record<string, Coding> = {
  query: events.query,
  registered: events.query,
  write: events.query,
  result: events.query,
  session: events.authentication,
  'sign-in': events.authentication,
  'step-up': events.authentication,
  passkey: events.authentication,
  identity: events.authentication,
  token: events.authentication,
  grant: events.security,
  access: events.security,
  approver: events.security,
  role: events.security,
  invitation: events.security,
  person: events.security,
  key: events.security,
  agent: events.security,
  'enrolment-code': events.security,
  enrolment: events.security,
  certificate: events.security,
  'encryption-key': events.security,
};
const eventsOfActions: Record<string, Coding> = {
  'activity.read': events.logUsed,
  'activity.exported': events.export,
  'agent.joined': events.network,
  'agent.left': events.network,
};
const finerWords: Record<string, Coding> = {
  'agent.joined': dicom('110124', 'Attach'),
  'agent.left': dicom('110125', 'Detach'),
  'session.started': dicom('110122', 'Login'),
  'session.ended': dicom('110123', 'Logout'),
  'role.granted': dicom('110136', 'Security Roles Changed'),
  'role.ended': dicom('110136', 'Security Roles Changed'),
};

type Deed = 'C' | 'R' | 'U' | 'D' | 'E';
const deedsOfVerbs: Record<string, Deed> = {
  created: 'C',
  admitted: 'C',
  added: 'C',
  granted: 'C',
  enrolled: 'C',
  read: 'R',
  exported: 'R',
  changed: 'U',
  rotated: 'U',
  renewed: 'U',
  revoked: 'D',
  removed: 'D',
  deleted: 'D',
  ended: 'D',
  purged: 'D',
  destroyed: 'D',
  withdrawn: 'D',
};

/** @param log name of the log that the record is of */
export function auditEvent({ entry, record, leafHash, purposes }: Act, log: string): object {
  const [noun = '', verb = ''] = record.type.split('.');
  const finer = finerWords[record.type];
  const entities = [...requestOf(record), ...workOf(record), ...grantOf(record)];
  const failure = isErrorCode(record.errorCode) ? catalogue[record.errorCode].title : undefined;
  return {
    resourceType: 'AuditEvent',
    id: leafHash.toString('hex'),
    type: eventsOfActions[record.type] ?? eventsOfNouns[noun] ?? events.application,
    subtype: [
      { system: `https://${log}/action`, code: record.type, display: entry.words },
      ...(finer ? [finer] : []),
    ],
    action: record.mode === 'nonQuery' ? 'U' : (deedsOfVerbs[verb] ?? 'E'),
    recorded: record.ts,
    outcome: outcomeOf(record, verb),
    ...(failure !== undefined && { outcomeDesc: failure }),
    ...(purposes.length > 0 && { purposeOfEvent: purposes.map(purposeOf) }),
    agent: agentsOf(entry, record, log),
    source: {
      ...(entry.siteName && { site: entry.siteName }),
      observer: named(log, log),
      type: [hl7('security-source-type', '4', 'Application Server')],
    },
    ...(entities.length > 0 && { entity: entities }),
  };
}

const named = (value: string | undefined, display: string | undefined): Named => ({
  ...(value !== undefined && { identifier: { value } }),
  ...(display && { display }),
});

const agent = (coding: Coding, who: Named): Agent => ({
  type: { coding: [coding] },
  who,
  requestor: false,
});

/** Of those that took part exactly one asked for it: the person, else the software, else the log's own service. */
function agentsOf(entry: Act['entry'], record: AuditRecord, log: string): Agent[] {
  const { actorRef, integrator, agent: server } = record;
  const isOwnAct = actorRef !== undefined && actorRef === server;
  const agents = [
    ...(actorRef !== undefined && !isOwnAct
      ? [
          agent(
            hl7('extra-security-role-type', 'humanuser', 'human user'),
            named(actorRef, entry.who),
          ),
        ]
      : []),
    ...(integrator !== undefined
      ? [agent(dicom('110153', 'Source Role ID'), named(integrator, entry.integratorName))]
      : []),
    ...(server !== undefined
      ? [agent(dicom('110152', 'Destination Role ID'), named(server, undefined))]
      : []),
    agent(dicom('110150', 'Application'), named(log, log)),
  ];
  return agents.map((one, index) => ({ ...one, requestor: index === 0 }));
}

function outcomeOf({ outcome, type }: AuditRecord, verb: string): '0' | '4' | '8' {
  if (outcome === 'failed' || outcome === 'lost' || type === 'query.failed') return '8';
  if (outcome === 'refused' || outcome === 'cancelled') return '4';
  return outcome === undefined && ['refused', 'expired', 'declined'].includes(verb) ? '4' : '0';
}

const purposeOf = (code: string) => ({
  coding: [hl7('v3-ActReason', code, purposeText(code))],
});

const systemObject = hl7('audit-entity-type', '2', 'System Object');

const requestOf = ({ requestId }: AuditRecord): Entity[] =>
  requestId === undefined
    ? []
    : [
        {
          what: named(requestId, undefined),
          type: {
            system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType',
            code: 'XrequestId',
            display: 'transport scoped request identifier',
          },
        },
      ];

const grantOf = ({ grantId }: AuditRecord): Entity[] =>
  grantId === undefined
    ? []
    : [
        {
          what: named(grantId, undefined),
          type: systemObject,
          role: hl7('object-role', '13', 'Security Resource'),
        },
      ];

/** The query by all that is recorded of it: never its text. */
function workOf(record: AuditRecord): Entity[] {
  const facts = {
    lane: record.lane,
    mode: record.mode,
    fingerprint: record.fingerprint,
    'error code': record.errorCode,
    reason: record.reason,
    'duration (ms)': record.durationBucket,
    rows: record.rowsBucket,
    'size (bytes)': record.bytesBucket,
    times: record.count === undefined ? undefined : String(record.count),
  };
  const detail = Object.entries(facts).flatMap(([type, valueString]) =>
    valueString === undefined ? [] : [{ type, valueString }],
  );
  const { queryId, statementRef } = record;
  if (detail.length === 0 && queryId === undefined && statementRef === undefined) return [];
  return [
    {
      ...(queryId !== undefined && { what: named(queryId, undefined) }),
      type: systemObject,
      role: hl7('object-role', '24', 'Query'),
      ...(statementRef !== undefined && { name: statementRef }),
      ...(detail.length > 0 && { detail }),
    },
  ];
}
