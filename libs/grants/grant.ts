/**
 * The grant document: the practice's permission, as it is signed. Canonical form is RFC 8785.
 */

/** `operation:<name>`, `procedure:<name>`, `statement:<sha256 hex>`, `sql:read`, `sql:write`; least first. */
type Scope = string;

/** HL7 v3 purposes of use that can be granted. Marketing (HMARKT) is not among them. */
export const purposes = [
  'TREAT',
  'HPAYMT',
  'HOPERAT',
  'PATADMIN',
  'PATRQT',
  'PUBHLTH',
  'HRESCH',
] as const;
export type Purpose = (typeof purposes)[number];

/** Local hours of the practice in which the grant allows: days 1 (Monday) to 7, `HH:mm`. */
export interface PermittedHours {
  timeZone: string;
  days: number[];
  from: string;
  to: string;
}

export interface GrantLimits {
  /** Rows a query may return. */
  rows?: number;
  /** Bytes of row text a query may return. */
  bytes?: number;
  /** Milliseconds a query may run. */
  ms?: number;
  /** Queries running at once. */
  concurrency?: number;
  perMinute?: number;
  /** Minutes that a stored result is kept after its last fetch; absent: 15. */
  resultMinutes?: number;
  hours?: PermittedHours;
}

/** How writes are kept from being made twice; absent: by the write journal, under any key. */
export interface WriteTerms {
  /** Writes are permitted also where the database server keeps no write journal. */
  journal?: 'none';
  /** Each write needs an Idempotency-Key of the integrator's own. */
  callerKey?: 'required';
}

export interface Grant {
  type: 'conduit-grant-v1';
  grantId: string;
  /** Rises with each change of the same grant; the highest counts. */
  seq: number;
  /** Rises when a practice restarts its trust; documents of an older epoch are void. */
  epoch: number;
  practiceId: string;
  siteIds: string[];
  /** SHA-256 (base64url) of the raw Ed25519 identity keys of the agents it is meant for. */
  agentKeyThumbprints: string[];
  integratorId: string;
  integratorKeyThumbprints: string[];
  scopes: Scope[];
  /** Catalogues it covers; never empty. */
  catalogues: string[];
  purposes: Purpose[];
  limits: GrantLimits;
  writes?: WriteTerms;
  encryptionMode: 'edge' | 'sidecar' | 'sealed';
  /** ISO 8601 UTC. */
  notBefore: string;
  /** ISO 8601 UTC; at most 400 days after notBefore. */
  expires: string;
  /** ISO 3166-1 alpha-2 codes where the data may go. */
  countries: string[];
  /** Ends the grant: a document with a higher seq that says revoked. */
  revoked?: true;
}

/** By a key: of the practice's own server. */
export interface Ed25519Signature {
  kind: 'ed25519';
  /** Id of the approver in the agent's own store. */
  approverId: string;
  /** base64url over SHA-256("conduit-grant-v1" ‖ canonical grant). */
  signature: string;
}

/** By a person's passkey: a WebAuthn assertion whose challenge is that same hash. base64url each. */
export interface PasskeySignature {
  kind: 'webauthn';
  /** Id of the approver in the agent's own store. */
  approverId: string;
  authenticatorData: string;
  clientDataJSON: string;
  signature: string;
}

export type GrantSignature = Ed25519Signature | PasskeySignature;

/** What travels and is stored: the canonical text exactly as signed, and who signed it. */
export interface SignedGrant {
  document: string;
  approvals: GrantSignature[];
}
