/**
 * What broker and agent say to each other on the link: one table of patterns, one shape for each.
 * A request is `{pattern, meta, body}`; a reply is an object, or a head, a body of bytes and an end.
 */
import type { ParameterDto } from '#libs/contracts/command.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';

/** Handled by the agent, sent by the broker. */
export const agentPatterns = {
  runQuery: 'query.run',
  putGrant: 'grant.put',
  revokeGrant: 'grant.revoke',
  putPauses: 'pauses.put',
  readTime: 'time.read',
  findWrite: 'write.find',
  putRegistered: 'registered.put',
  endRegistered: 'registered.end',
  fetchRegistered: 'registered.fetch',
  runDoctor: 'doctor.run',
  witnessCheckpoint: 'checkpoint.witness',
  readLog: 'agent-log.read',
} as const;

/** Handled by the broker, sent by the agent. */
export const brokerPatterns = {
  reportAgent: 'agent.report',
  renewCertificate: 'certificate.renew',
  rotateEncryptionKey: 'encryption-key.rotate',
  createPairingCode: 'pairing-code.create',
  listAccessRequests: 'access-requests.list',
  declineAccessRequest: 'access-request.decline',
  publishGrant: 'grant.publish',
  publishRevocation: 'grant.publish-revocation',
  listGrants: 'grants.list',
  listOfferedPasskeys: 'approvers.offered',
  reportRules: 'rules.report',
  reportRegistered: 'registered.report',
  syncRegistered: 'registered.sync',
  publishLogHead: 'agent-log.publish',
  readOwnRecords: 'audit-records.read',
  readStanding: 'audit-records.read-standing',
  readUpdateWindow: 'update-window.read',
} as const;

/** Headers of the upgrade request with which an agent opens a link: which join this is. */
export const joinHeaders = {
  /** Decimal, higher than at any join before. */
  sequence: 'x-conduit-join-sequence',
  /** UUID drawn for this join, the same when it is tried again. */
  joinId: 'x-conduit-join-id',
  /** UUID of the agent's process. */
  instanceId: 'x-conduit-join-instance',
} as const;

/** Answer to `agent.report`. */
export interface AgentReportAnswer {
  /** Milliseconds since the epoch. */
  brokerTimeMs: number;
}

/** Answer to `certificate.renew`, whose body is a PKCS #10 request. */
export interface RenewCertificateAnswer {
  /** PEM */
  certificate: string;
}

/** Meta of `checkpoint.witness`, whose body is what C2SP tlog-witness has for `add-checkpoint`. */
export interface WitnessCheckpointMeta {
  /** The log's verifier key; the agent keeps the first it was told. */
  logKey: string;
}

/** `fork`: two heads that no log can have both. `roll-back`: it came back shorter. `other-log`: another key or name. */
export const witnessAlarms = ['fork', 'roll-back', 'other-log'] as const;
export type WitnessAlarm = (typeof witnessAlarms)[number];

/** Answer to `checkpoint.witness`: one of the three. */
export interface WitnessAnswer {
  /** Signature line, with its line feed. */
  cosignature?: string;
  /** The tree that a proof has to start from. */
  size?: number;
  alarm?: WitnessAlarm;
}

/** Meta of `agent-log.publish`, whose body is what C2SP tlog-witness has for `add-checkpoint`. */
export interface PublishLogHeadMeta {
  /** Of the agent's own log; the broker keeps the first it was told. */
  verifierKey: string;
  /** Signature of K_id over libs/audit/agent-log-key.ts's binding, base64. */
  bound: string;
}

/** Answer to `agent-log.publish`; without both it is kept. */
export interface PublishLogHeadAnswer {
  /** The tree that a proof has to start from. */
  size?: number;
  alarm?: WitnessAlarm;
}

/** Meta of `agent-log.read`: records of this time, milliseconds since the epoch, without `toMs`. */
export interface ReadLogMeta {
  fromMs: number;
  toMs: number;
  /** So many records at most, the first ones. Agents of an earlier version have a bound of their own alone. */
  most?: number;
}

/** End of `agent-log.read`, whose body is the records' canonical texts, one a line, without a gap. */
export interface ReadLogEnd {
  /** Of the head that the proof leads to, which the broker has been told of. */
  size: number;
  /** libs/audit/range-proof.ts, hashes in base64. */
  from: number;
  peaks: string[];
  consistency: string[];
  /** All records up to this time are there. */
  knownToMs: number;
  /** There are more behind them. */
  isCut?: boolean;
}

/**
 * Meta of `audit-records.read`: the broker's records of queries at the agent's sites, of this time, and
 * orders that were given up to a week before it. Proven under the head of `size`, which the agent has cosigned.
 * The body has one `OwnRecordLine` a line.
 */
export interface ReadOwnRecordsMeta {
  fromMs: number;
  toMs: number;
  size: number;
}

/**
 * Meta of `audit-records.read-standing`: the broker's records, from any time, that these registered queries were
 * created, of the agent's sites. Proven and answered as `audit-records.read`.
 */
export interface ReadStandingMeta {
  /** Up to `MOST_STANDING`. */
  registeredIds: string[];
  size: number;
}

export const MOST_STANDING = 500;

export interface OwnRecordLine {
  index: number;
  record: string;
  /** From the leaf's sibling up to the root's child, base64. */
  proof: string[];
}

/** `immediate` overtakes `async`, and `async` overtakes `registered`. */
export type QueryLane = 'immediate' | 'async' | 'registered';

/**
 * `objects`: one JSON array of row objects. `ndjson`: one JSON object a line, closed by a trailer
 * line. `pages`: frames of sealed pages (libs/contracts/result-page.ts).
 */
export type RowForm = 'objects' | 'ndjson' | 'pages';

/**
 * Meta of `query.run`. The body is the integrator's request body, byte for byte; the agent parses
 * and validates it again.
 */
export interface RunQueryMeta {
  queryId: string;
  requestId: string;
  siteId: string;
  integratorId: string;
  keyId: string;
  grantId: string;
  grantSeq: number;
  lane: QueryLane;
  form: RowForm;
  columns: boolean;
  resultSets: 'first' | 'all';
  /** Milliseconds it may still wait for a place; 0: run now or not at all. */
  maxWaitMs: number;
  /** Milliseconds it may run. */
  executionLimitMs: number;
  /** Bytes of row text the broker will take; absent for a stream. */
  maxResultBytes?: number;
  /** Content codings the caller can take from the agent untouched, e.g. `br`. */
  accept?: 'br';
  /** The body is sealed to this key of the agent: raw X25519, base64url. */
  sealedTo?: string;
  /** Form `pages`: the key that the result is sealed to, raw X25519, base64url. */
  resultKey?: string;
  /**
   * Form `pages`: the broker reads pages that name their encoding, and this one. Absent: from a broker
   * that reads neither (libs/contracts/result-page.ts).
   */
  pageEncoding?: 'br';
  /** The caller's own, or minted by the broker; a write runs at most once under it. */
  idempotencyKey?: string;
  /** The broker minted the key: the caller sent none. */
  keyMinted?: true;
}

/** Meta of `write.find`. */
export interface FindWriteMeta {
  /** The receipt of the answer: under it both sides' records of the question are found again. */
  requestId: string;
  siteId: string;
  integratorId: string;
  /** The Idempotency-Key. */
  key: string;
}

/**
 * `applied`: committed. `notApplied`: nothing of it stayed. `neverReceived`: no trace of it, so it was
 * not begun until now. `inProgress`: running at this moment. `unknown`: nobody can say.
 */
export const writeStates = [
  'applied',
  'notApplied',
  'neverReceived',
  'inProgress',
  'unknown',
] as const;
export type WriteState = (typeof writeStates)[number];

/** What a write answered, as its journal keeps it. */
export interface WriteOutcome {
  /** For nonQuery; -1 when SQL Server counts none. */
  rowsAffected?: number;
  /** Rows that it returned. */
  rows?: number;
  /** Output, inputOutput and returnValue parameters with their final values as text. */
  parameters?: ParameterDto[];
  /** False: the answer was too large to be kept, so the same request can't be answered again. */
  kept: boolean;
}

/** Answer to `write.find`. */
export interface FindWriteAnswer {
  state: WriteState;
  /** A word that says more, e.g. `rolledBackByStatement`. */
  reason?: string;
  outcome?: WriteOutcome;
  /** ISO 8601 UTC. */
  receivedAt?: string;
  /** ISO 8601 UTC: when it was committed, or ended. */
  appliedAt?: string;
}

/**
 * What the agent could do for patients who withdrew: `filtered`: it knows where this statement names its
 * patients. `notFiltered`: it does not, so the answer may hold anybody's records.
 */
export const consentMarks = ['filtered', 'notFiltered'] as const;
export type ConsentMark = (typeof consentMarks)[number];

export interface ColumnFacts {
  name: string;
  /** SQL Server type name in lower case. */
  type: string;
  precision?: number;
  scale?: number;
  /** Bytes or characters as SQL Server declares it; -1 for max. */
  length?: number;
  nullable: boolean;
}

/**
 * Head of `query.run`: sent as soon as the first rows are on their way, so that a failure before
 * them can still be a true HTTP status. No head comes for a query that fails before its first row
 * or that returns none by its mode. With form `pages` it comes whenever anything was run.
 */
export interface RunQueryHead {
  encoding: 'identity' | 'br';
  /** As in RunQueryEnd. */
  replayed?: true;
  consent?: ConsentMark;
  /** Form `pages`: the key of the pages, sealed to `resultKey`; base64url. */
  keyEnvelope?: string;
  /** Of the first result set; with `resultSets: all` one list a set comes in the end instead. */
  columns?: ColumnFacts[];
}

export type QueryErrorType = 'mssql' | 'fbsql' | 'http' | 'haloLink';

/**
 * End of `query.run`: what became of it. Refusals before execution come as link errors instead. With
 * form `pages` it holds no parameters, no columns and none of the database's words: those are in
 * page 0, and `errorCode` is at most 50000, from where on numbers are the statement's own choice.
 */
export interface RunQueryEnd {
  status: 'successful' | 'executionFailed';
  /** Rows in the body (all result sets together). */
  rows?: number;
  /** Bytes of the body before compression. */
  size?: number;
  /** For nonQuery; -1 when SQL Server counts none. */
  rowsAffected?: number;
  /** Output, inputOutput and returnValue parameters with their final values as text. */
  parameters?: ParameterDto[];
  /** One list for each result set, when columns were asked for with all result sets. */
  columnsOfSets?: ColumnFacts[][];
  /** Milliseconds from sending the statement to the last row. */
  sqlExecutionMs: number;
  /** Milliseconds it waited for a place at the agent. */
  waitedMs: number;
  /** The write had been applied before under its key: this is its answer again, nothing was run. */
  replayed?: true;
  /** Absent: no patient of the site has withdrawn from this integrator. */
  consent?: ConsentMark;
  error?: {
    /** Ours; STATEMENT_FAILED when SQL Server refused the statement. */
    code: ErrorCode;
    errorType: QueryErrorType;
    /** SQL Server's number, or 0. */
    errorCode: number;
    /** SQL Server's words. They may quote patient data: for the caller's answer only. */
    errorMessage: string;
  };
}

export interface AgentReport {
  agentVersion: string;
  instanceId: string;
  /** The agent's wall clock, milliseconds since the epoch. */
  clockMs: number;
  paused: boolean;
  /** Milliseconds that the report before took, there and back. */
  linkMs?: number;
  /** What last went wrong with the link or a database since the agent started: a code of the catalogue. */
  lastError?: string;
  /** Milliseconds ago. */
  lastErrorAgeMs?: number;
  sites: SiteReport[];
}

/** Answer to `doctor.run`: codes alone, of what the logins proved to be able to do. */
export interface DoctorAnswer {
  findings: DoctorFinding[];
}
export interface DoctorFinding {
  /** Stable word for the check, e.g. `read.insert`. */
  check: string;
  siteId: string;
  ok: boolean;
  severity: 'critical' | 'warning';
}

/** What the agent holds back to spare the practice's database server: from nothing to all that may wait. */
export const siteLoads = ['normal', 'asyncPaused', 'backgroundPaused'] as const;
export type SiteLoad = (typeof siteLoads)[number];

export interface SiteReport {
  siteId: string;
  database: 'ok' | 'unavailable' | 'loginRefused' | 'unknown';
  /** Milliseconds ago that the database was last asked; absent: not yet. A link that lives proves nothing of it. */
  probeAgeMs?: number;
  /** Milliseconds of the last answer, and of most. */
  latencyMs?: number;
  usualLatencyMs?: number;
  /** Queries that run, and that wait for a place at the agent. */
  running?: number;
  waiting?: number;
  /** Async statements that it runs at once, altogether and of one integrator; absent: as usual. */
  asyncPlaces?: number;
  asyncPlacesEach?: number;
  /** The database server says of itself that it is the sandbox; absent: it is not, or has not said. */
  sandbox?: true;
  /** Absent from an agent that has no brake. */
  load?: SiteLoad;
  catalogues: { name: string; isDefault: boolean }[];
  pmsVersion?: string;
  practiceName?: string;
}
