/**
 * What the console and the broker say to each other about an integrator: what it declares, its keys,
 * webhooks, sites and use. Types and closed lists only. Times are ISO 8601 UTC; all of it is below
 * `/console/api/integrators/:integratorId`. Nothing here has room for a row or a secret that was
 * shown before; `POST sites/:siteId/sandbox-queries` is an immediate query of the API, at the sandbox.
 */
import type { PracticeSite, ScopeWords } from '#libs/console-api/practice.js';
import type { StepUp } from '#libs/console-api/session.js';

/** Who else handles the data, where and for what. */
export interface Subprocessor {
  name: string;
  /** ISO 3166-1 alpha-2. */
  country?: string;
  purpose?: string;
}

/** What every practice sees before it decides. */
export interface Declaration {
  /** As the register of companies has it. */
  name: string;
  /** Eleven digits, checked. */
  abn?: string;
  contactName?: string;
  contactEmail?: string;
  contactPhone?: string;
  /** https */
  website?: string;
  /** Codes of HL7 v3 purposes of use; marketing is not among them. */
  purposes: string[];
  /** ISO 3166-1 alpha-2: where data goes. */
  countries: string[];
  subprocessors: Subprocessor[];
  /** How long data is kept at most; 0: it is not kept. */
  retentionDays?: number;
  /** The same in words: what is kept, why, how it is deleted. */
  retention?: string;
}
/** Those that a practice will miss when they are absent. */
export type DeclarationField = keyof Declaration;

/** `GET profile`; `PUT profile` with a Declaration answers it too. */
export interface Profile extends Declaration {
  integratorId: string;
  missing: DeclarationField[];
  /** Newest first. */
  changes: { changedAt: string; byName?: string; fields: DeclarationField[] }[];
  purposeChoices: { code: string; words: string }[];
}

/** `GET` of the integrator itself: where it stands. */
export interface IntegratorHome {
  integratorId: string;
  name: string;
  /** Where its software calls, e.g. `https://api.example.org`. */
  apiOrigin: string;
  /** Part of every key: `ck_<environment>_…` */
  environment: string;
  /** Of the declaration. */
  missing: DeclarationField[];
  keys: number;
  sites: { paired: number; permitted: number; waiting: number; online: number };
  webhooks: number;
  failingWebhooks: number;
  /** Queries of the last seven days. */
  queries: number;
  failedQueries: number;
  /** Ends soonest, within thirty days. */
  keyEndsAt?: string;
  permissionEndsAt?: string;
}

/** ending: replaced, and good until `expiresAt` so that nothing stops meanwhile. */
export const keyStates = ['live', 'ending', 'expired', 'revoked'] as const;
export type KeyState = (typeof keyStates)[number];

/** A key without its secret: that was shown when it was made. */
export interface ApiKey {
  keyId: string;
  name: string;
  state: KeyState;
  createdAt: string;
  expiresAt?: string;
  revokedAt?: string;
  /** Empty: every paired site. */
  siteIds: string[];
  /** CIDR; empty: from anywhere. */
  addressRanges: string[];
}
/** `GET keys`: live ones first, then newest first. */
export interface ApiKeys {
  keys: ApiKey[];
  /** So many live keys may have the same name. */
  perName: number;
  /** So many live keys there may be. */
  perIntegrator: number;
}
/** `POST keys`: action `{type: 'api-key.create', integratorId, name, expiresAt, siteIds, addressRanges}`. */
export interface CreateKeyRequest {
  name: string;
  expiresAt?: string;
  siteIds?: string[];
  addressRanges?: string[];
  stepUp: StepUp;
}
/**
 * `POST keys/:keyId/rotate`: a new key of the same name and bounds; the one before ends after the
 * overlap, or at once. Action `{type: 'api-key.rotate', integratorId, keyId, overlapHours, expiresAt}`.
 */
export interface RotateKeyRequest {
  overlapHours: number;
  expiresAt?: string;
  stepUp: StepUp;
}
/** `DELETE keys/:keyId`: action `{type: 'api-key.revoke', integratorId, keyId}`, body StepUpRequest. */
export interface MadeKey {
  keyId: string;
  /** Shown once. */
  key: string;
}

/** A public key of an OAuth client. */
export interface ClientKey {
  kid?: string;
  /** `EC P-256`, `Ed25519`, `RSA`. */
  kind: string;
  /** RFC 7638, SHA-256, base64url. */
  thumbprint: string;
}
export interface OauthClient extends Omit<ApiKey, 'keyId'> {
  clientId: string;
  keys: ClientKey[];
}
/** `GET oauth-clients` */
export interface OauthClients {
  clients: OauthClient[];
  tokenEndpoint: string;
  /** What assertions must name. */
  audience: string;
}
/**
 * `POST oauth-clients`: action `{type: 'oauth-client.create', integratorId, name, jwks, expiresAt,
 * siteIds, addressRanges}`. `DELETE oauth-clients/:clientId`: `{type: 'oauth-client.revoke', integratorId,
 * clientId}`, body StepUpRequest.
 */
export interface CreateClientRequest extends CreateKeyRequest {
  /** RFC 7517; public keys alone. */
  jwks: { keys: JsonObject[] };
}
export type JsonObject = { [member: string]: string };

/** `GET webhooks`, `POST webhooks`, `PATCH webhooks/:webhookId`. */
export interface Webhook {
  id: string;
  url: string;
  /** Empty: all. */
  events: string[];
  /** Empty: every paired site. */
  siteIds: string[];
  /** Where it is, ISO 3166-1 alpha-2, as the integrator says. */
  country?: string;
  signature: 'halo' | 'standard';
  publicKey: string;
  previousPublicKey?: string;
  previousSecretUntil?: string;
  paused: boolean;
  pauseReason?: 'asked' | 'failing';
  pausedAt?: string;
  failingSince?: string;
  createdAt: string;
  updatedAt: string;
  /** Answered once: when it is made, and by `POST webhooks/:webhookId/secret`. */
  secret?: string;
}
export interface Webhooks {
  webhooks: Webhook[];
  /** So many there may be. */
  limit: number;
  eventTypes: string[];
}
export interface WebhookChoices {
  url?: string;
  events?: string[];
  siteIds?: string[];
  /** One of those that the integrator declares. */
  country?: string;
  signature?: 'halo' | 'standard';
  paused?: boolean;
}

export interface DeliveryAttempt {
  attempt: number;
  startedAt: string;
  durationMs: number;
  /** Absent: no answer came. */
  statusCode?: number;
  /** A word of a closed list; absent: delivered. */
  error?: string;
}
export interface Delivery {
  id: string;
  eventId: string;
  type: string;
  siteId?: string;
  queryId?: string;
  grantId?: string;
  occurredAt: string;
  /** held: the endpoint was paused. */
  state: 'pending' | 'delivered' | 'failed' | 'held';
  nextAttemptAt?: string;
  endedAt?: string;
  attempts: DeliveryAttempt[];
}
/**
 * `GET webhooks/:webhookId/deliveries?state&after`. `POST webhooks/:webhookId/test` and
 * `POST …/deliveries/:deliveryId/redeliver` answer `{deliveryId}`; `POST …/redeliver {since}`, `{count}`.
 */
export interface Deliveries {
  deliveries: Delivery[];
  next?: string;
}

/** waiting-for-server: the practice approved; its server has not confirmed that yet. frozen: for an incident. */
export const siteStandings = [
  'active',
  'waiting-for-practice',
  'waiting-for-server',
  'paused',
  'frozen',
  'declined',
  'revoked',
  'expired',
] as const;
export type SiteStanding = (typeof siteStandings)[number];

/** `GET sites`: each site that was ever paired with. */
export interface PairedSite {
  siteId: string;
  name: string;
  pmsName: string;
  pmsSiteId: string;
  /** It stands for no practice: the query console may ask it. */
  isSandbox: boolean;
  availability: PracticeSite['availability'];
  /** What its server holds back to spare its database. */
  load: 'normal' | 'asyncPaused' | 'backgroundPaused';
  lastSeenAt?: string;
  agentVersion?: string;
  catalogues: string[];
  standing: SiteStanding;
  declineReason?: string;
  /** The permission that is, or was last, in force. */
  permission?: {
    grantId: string;
    expires: string;
    scopes: ScopeWords[];
    catalogues: string[];
    /** Codes. */
    purposes: string[];
    /** All of it in words, as the practice read it. */
    lines: { label: string; text: string }[];
  };
  /** Asked for on top of what is permitted: the practice has it before it. */
  waiting?: {
    scopes: ScopeWords[];
    catalogues: string[];
    /** Codes. */
    purposes: string[];
  };
}

/**
 * `POST sites/:siteId/access`: more than is permitted there, as far as it is not a statement. Answers
 * permitted when all of it is.
 */
export interface AskAccessRequest {
  scopes?: string[];
  catalogues?: string[];
  /** Codes, among those that are declared. */
  purposes?: string[];
}
export interface AskedState {
  state: 'waiting' | 'permitted';
}

/** `GET usage?days=30`: sums by day (UTC) and by site. */
export interface UsageReport {
  from: string;
  to: string;
  days: UsageDay[];
  sites: UsageOfSite[];
}
export interface UsageDay extends UsageOutcomes {
  day: string;
  immediate: number;
  async: number;
  registered: number;
  writes: number;
}
export interface UsageOutcomes {
  queries: number;
  successful: number;
  refused: number;
  failed: number;
  cancelled: number;
  lost: number;
  expired: number;
}
export interface UsageOfSite extends UsageOutcomes {
  siteId: string;
  /** Absent: it is not known any more. */
  name?: string;
  /** Octets of results. */
  resultBytes: number;
  /** Milliseconds from call to end, on average. */
  meanMs: number;
  meanSqlMs: number;
}
