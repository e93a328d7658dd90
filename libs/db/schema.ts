/**
 * The broker's tables, as Kysely sees them. No table holds a payload, a parameter, a row or the text
 * of a query: only who may do what, and that something was done. The one text of SQL that is kept is a
 * submitted statement's, which has no place for anybody's facts (statements-tables.ts).
 * Times are `timestamptz`; ids are UUID text unless the noun says otherwise.
 */
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type { AgentLogsTables } from '#libs/db/agent-logs-tables.js';
import type { ApprovalTables } from '#libs/db/approval-tables.js';
import type { AuditLogTables } from '#libs/db/audit-log-tables.js';
import type { FleetTables } from '#libs/db/fleet-tables.js';
import type { IncidentTables } from '#libs/db/incidents-tables.js';
import type { IntegratorDeskTables } from '#libs/db/integrator-desk-tables.js';
import type { PeopleTables } from '#libs/db/people-tables.js';
import type { PracticeDeskTables } from '#libs/db/practice-desk-tables.js';
import type { PrivacyTables } from '#libs/db/privacy-tables.js';
import type { RetentionTables } from '#libs/db/retention-tables.js';
import type { StatementsTables } from '#libs/db/statements-tables.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type CreatedAt = ColumnType<Date, Date | string | undefined, never>;

export interface PracticesTable {
  practice_id: string;
  name: string;
  /** IANA name. */
  time_zone: Generated<string>;
  /** YYYY-MM-DD by its own clock. */
  closed_days: JSONColumnType<string[], string | undefined, string>;
  /** Grows with each pause and each end of one. */
  pause_revision: Generated<string>;
  created_at: CreatedAt;
}

/** Which agent had a site from when on. */
export interface SiteHoldersTable {
  site_id: string;
  agent_id: string;
  since: Timestamp;
}

export interface SitesTable {
  /** Halo calls it the Halo GUID. */
  site_id: string;
  practice_id: string;
  agent_id: string | null;
  name: string;
  /** BestPractice, Zedmed, D4w, MedicalDirector, Sandbox. */
  pms_type: string;
  /** The id the PMS vendor gave the practice. */
  pms_site_id: string;
  pms_version: string | null;
  status: 'initialising' | 'active' | 'removed' | 'uninstalled';
  authoritative: boolean;
  /** [{name, isDefault}] as the agent reported it. */
  catalogues: JSONColumnType<{ name: string; isDefault: boolean }[]>;
  agent_version: string | null;
  /** What its agent holds back to spare the database server. */
  load: Generated<'normal' | 'asyncPaused' | 'backgroundPaused'>;
  load_since: Timestamp | null;
  /** Registered by the operator as a sandbox. It is one only where the next says so too. */
  is_sandbox: Generated<boolean>;
  /** What its agent last found: its database server is the sandbox itself. */
  serves_sandbox: Generated<boolean>;
  enriched_at: Timestamp | null;
  /** When the agent was last heard from on any node; written at most every 30 s. */
  last_seen_at: Timestamp | null;
  /** Set when the agent said goodbye; cleared when it comes back. */
  closed_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

export interface EnrolmentCodesTable {
  /** Public part of the code. */
  code_id: string;
  practice_id: string;
  /** Raw Ed25519 public key, derived from the seed that only the code carries. */
  public_key: Buffer;
  /** What the agent will serve: [{siteId, name, pmsType, pmsSiteId}] made with the code. */
  sites: JSONColumnType<
    { siteId: string; name: string; pmsType: string; pmsSiteId: string; isSandbox?: true }[]
  >;
  failed_attempts: Generated<number>;
  expires_at: Timestamp;
  used_at: Timestamp | null;
  created_at: CreatedAt;
}

export interface AgentsTable {
  /** Opaque; the certificate's CN. */
  agent_id: string;
  practice_id: string;
  state: 'active' | 'quarantined' | 'revoked';
  /** Why it is quarantined or revoked: a word from a closed list. */
  state_reason: string | null;
  /** Raw Ed25519 public key of K_id. */
  identity_public_key: Buffer;
  /** Raw X25519 public key of K_enc and when it was made. */
  encryption_public_key: Buffer;
  encryption_key_since: Timestamp;
  /** Counts joins; a stale one shows a clone or a restored backup. */
  join_sequence: Generated<number>;
  /** Drawn by the agent for its last join: only who knows it may try that join again. */
  join_id: string | null;
  /** The process instance that joined last. */
  instance_id: string | null;
  /** When the practice lets it be updated; null: at any time. */
  update_window: JSONColumnType<
    { days: number[]; from: string; to: string; timeZone: string } | null,
    string | null | undefined,
    string | null
  >;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

export interface AgentCertificatesTable {
  /** Lowercase hex. */
  serial: string;
  agent_id: string;
  /** SHA-256 of the SPKI; unique for ever, so that no TLS key is used twice. */
  spki_sha256: Buffer;
  not_before: Timestamp;
  not_after: Timestamp;
  revoked_at: Timestamp | null;
  created_at: CreatedAt;
}

interface Subprocessor {
  name: string;
  country?: string;
  purpose?: string;
}

export interface IntegratorsTable {
  integrator_id: string;
  name: string;
  abn: string | null;
  contact_name: string | null;
  contact_email: string | null;
  contact_phone: string | null;
  website: string | null;
  purposes: JSONColumnType<string[]>;
  countries: JSONColumnType<string[]>;
  /** Who else handles the data. */
  subprocessors: ColumnType<Subprocessor[], string | undefined, string>;
  /** How long data is kept at most, and the same in words. */
  retention_days: number | null;
  retention: string | null;
  created_at: CreatedAt;
}

export interface ApiKeysTable {
  /** The `<id>` part of `ck_<env>_<id>_<secret>_<crc>`. */
  key_id: string;
  integrator_id: string;
  name: string;
  /** HMAC-SHA256 of the secret under the pepper; null: an OAuth client, which has none. */
  secret_hmac: Buffer | null;
  /** Public keys of an OAuth client (RFC 7517); null: an API key. */
  jwks: ColumnType<{ keys: object[] } | null, string | null | undefined, string | null>;
  /** Empty: every paired site. */
  site_ids: JSONColumnType<string[]>;
  /** CIDR ranges; empty: from anywhere. */
  address_ranges: JSONColumnType<string[]>;
  expires_at: Timestamp | null;
  revoked_at: Timestamp | null;
  created_at: CreatedAt;
}

export interface PairingCodesTable {
  /** HMAC-SHA256 of the code under the pepper: the code itself is not kept. */
  code_hmac: Buffer;
  /** First characters of the code: finds the row that wrong tries are counted on. */
  code_prefix: string;
  site_id: string;
  failed_attempts: Generated<number>;
  expires_at: Timestamp;
  redeemed_at: Timestamp | null;
  redeemed_by: string | null;
  created_at: CreatedAt;
}

export interface AccessRequestsTable {
  access_request_id: string;
  site_id: string;
  integrator_id: string;
  state: 'pending' | 'approved' | 'declined';
  /** What the integrator asks for: scopes, catalogues, purposes. */
  asked: JSONColumnType<{ scopes: string[]; catalogues: string[]; purposes: string[] }>;
  decline_reason: string | null;
  decided_at: Timestamp | null;
  created_at: CreatedAt;
}

export interface GrantsTable {
  grant_id: string;
  seq: number;
  site_id: string;
  integrator_id: string;
  state: 'active' | 'revoked';
  /** Canonical JSON exactly as signed, with its signatures beside it: the broker stores, never edits. */
  signed: JSONColumnType<object>;
  expires_at: Timestamp;
  /** The agent's signed receipt that it is in force there; null until it came. */
  agent_receipt: JSONColumnType<object> | null;
  created_at: CreatedAt;
}

export interface AuditRecordsTable {
  seq: Generated<string>;
  recorded_at: Timestamp;
  practice_id: string | null;
  /** Canonical JSON of the record. */
  record: string;
  /** RFC 6962 leaf hash: SHA-256(0x00 ‖ record). */
  leaf_hash: Buffer;
  /** Of a record that came into the log as it was stored; `audit_leaves` has the others'. */
  leaf_index: ColumnType<string | null, number | string | undefined, never>;
  /** These the database takes from the record itself. */
  type: GeneratedAlways<string | null>;
  integrator_id: GeneratedAlways<string | null>;
  outcome: GeneratedAlways<string | null>;
  /** Done by one of `operator_people`. */
  by_operator: GeneratedAlways<boolean>;
}

/** Everybody who ever held a role of the operator's; a trigger keeps it. */
export interface OperatorPeopleTable {
  person_id: string;
}

export interface WebhookEndpointsTable {
  webhook_id: string;
  integrator_id: string;
  url: string;
  /** Types it wants; empty: all. */
  events: JSONColumnType<string[]>;
  /** Sites it wants to hear of; empty: all paired ones. */
  site_ids: JSONColumnType<string[]>;
  signature: 'halo' | 'standard';
  /** Where it is, as its integrator says; null: wherever all of its data are. */
  country: string | null;
  /** Sealed under a key that is derived from a secret of the server: the broker has to sign with it. */
  sealed_secret: Buffer;
  /** `whpk_…`, of the Ed25519 key that is sealed with the secret. */
  public_key: string;
  /** What signs too until `previous_until`, after a rotation. */
  previous_sealed_secret: Buffer | null;
  previous_public_key: string | null;
  previous_until: Timestamp | null;
  /** Null: not paused. */
  pause_reason: 'asked' | 'failing' | null;
  paused_at: Timestamp | null;
  /** When the first of the failures came that no success has followed. */
  failing_since: Timestamp | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

/** One event for one endpoint. Its body is made again from these ids at each attempt. */
export interface WebhookDeliveriesTable {
  delivery_id: string;
  webhook_id: string;
  /** The same at every endpoint and at every redelivery. */
  event_id: string;
  type: string;
  /** Null: a test. */
  site_id: string | null;
  query_id: string | null;
  grant_id: string | null;
  occurred_at: Timestamp;
  /** held: it came, or still waited, while the endpoint was paused. */
  state: 'pending' | 'delivered' | 'failed' | 'held';
  /** Ever made. */
  attempts: Generated<number>;
  /** Made since it was last asked for: these are limited. */
  tries: Generated<number>;
  /** The last wait, from which the next one is drawn. */
  wait_ms: Generated<number>;
  due_at: Timestamp;
  /** While a node is at it. */
  leased_until: Timestamp | null;
  created_at: CreatedAt;
  ended_at: Timestamp | null;
}

export interface WebhookAttemptsTable {
  delivery_id: string;
  attempt: number;
  started_at: Timestamp;
  duration_ms: number;
  /** Null: no answer came. */
  status_code: number | null;
  /** A word of a closed list. Null: delivered. */
  error: string | null;
}

/** The availability of each site that was last announced. */
export interface SiteAvailabilityTable {
  site_id: string;
  availability: 'online' | 'offline' | 'unreachable';
  since: Timestamp;
}

/** A registered query: its terms, its times and counts. Its statement is at the practice alone. */
export interface RegisteredQueriesTable {
  registered_id: string;
  integrator_id: string;
  site_id: string;
  /** The API key that created it: its secret alone opens the results. */
  key_id: string;
  grant_id: string;
  grant_seq: number;
  /** Public half of the key that results are sealed to: raw X25519, base64url. */
  result_key: string;
  /** The agent's key that the request was sealed to: raw X25519, base64url. */
  sealed_to: string;
  /** The integrator's own words, encrypted under the secret of the key `name_key_id`. */
  sealed_name: Buffer;
  name_key_id: string;
  /** MAC of the Idempotency-Key that it was created with. */
  creation_mac: Buffer | null;
  /** MAC of the creating body under the secret of the API key. */
  request_mac: Buffer | null;
  state: 'enabled' | 'cancelled' | 'completed' | 'initialisationFailedCacheError';
  /** The agent has taken it. */
  delivered: Generated<boolean>;
  /** Grows with each renewal. */
  revision: Generated<number>;
  frequency_seconds: number;
  duration_seconds: number;
  ends_at: Timestamp;
  request_bytes: number;
  /** Runs are numbered by the agent; a number only grows. */
  last_run: Generated<string>;
  changed_run: Generated<string>;
  /** The changed run that was last told of by a webhook. */
  announced_run: Generated<string>;
  /** Made under a key of the agent. */
  result_hash: string | null;
  last_succeeded_at: Timestamp | null;
  last_failed_at: Timestamp | null;
  last_execution_ms: Generated<number>;
  succeeded_count: Generated<number>;
  failed_count: Generated<number>;
  result_bytes_sum: Generated<string>;
  error_code: string | null;
  error_type: string | null;
  error_number: number | null;
  error_run: string | null;
  next_run_at: Timestamp | null;
  completed_at: Timestamp | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

/** The last runs of a registered query. */
export interface RegisteredRunsTable {
  registered_id: string;
  run: string;
  started_at: Timestamp;
  execution_ms: number;
  outcome: 'changed' | 'unchanged' | 'failed';
  result_hash: string | null;
  result_rows: number | null;
  result_bytes: number | null;
  /** The changed run that this one's delta starts from; 0: it has none. */
  basis_run: string | null;
  added: number | null;
  changed: number | null;
  removed: number | null;
  error_code: string | null;
}

export type UsageOutcome = 'successful' | 'refused' | 'failed' | 'cancelled' | 'lost' | 'expired';

type Sum = ColumnType<string, number, number | string>;

/** What an integrator used of a site on a day: sums, sizes to the kilobyte. */
export interface UsageCountsTable {
  integrator_id: string;
  site_id: string;
  /** UTC, YYYY-MM-DD. */
  day: string;
  kind: 'immediate' | 'async' | 'registered';
  access: 'read' | 'write';
  outcome: UsageOutcome;
  queries: Sum;
  request_bytes: Sum;
  result_bytes: Sum;
  duration_ms: Sum;
  sql_ms: Sum;
}

/** Batches of sums that are in the counts already, for a day: one that is sent again adds nothing. */
export interface UsageBatchesTable {
  batch_id: string;
  written_at: Timestamp;
}

export interface Database
  extends
    PeopleTables,
    ApprovalTables,
    PracticeDeskTables,
    FleetTables,
    IntegratorDeskTables,
    StatementsTables,
    PrivacyTables,
    RetentionTables,
    IncidentTables,
    AuditLogTables,
    AgentLogsTables {
  practices: PracticesTable;
  sites: SitesTable;
  site_holders: SiteHoldersTable;
  enrolment_codes: EnrolmentCodesTable;
  agents: AgentsTable;
  agent_certificates: AgentCertificatesTable;
  integrators: IntegratorsTable;
  api_keys: ApiKeysTable;
  pairing_codes: PairingCodesTable;
  access_requests: AccessRequestsTable;
  grants: GrantsTable;
  audit_records: AuditRecordsTable;
  operator_people: OperatorPeopleTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_attempts: WebhookAttemptsTable;
  site_availability: SiteAvailabilityTable;
  registered_queries: RegisteredQueriesTable;
  registered_runs: RegisteredRunsTable;
  usage_counts: UsageCountsTable;
  usage_batches: UsageBatchesTable;
}
