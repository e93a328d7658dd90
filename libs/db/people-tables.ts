/** The tables of the console's people, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { PersonRole } from '#libs/console-api/session.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type CreatedAt = ColumnType<Date, Date | string | undefined, never>;

/** The one place of names and mail addresses of those who have accepted. */
export interface PeopleTable {
  person_id: string;
  name: string;
  email: string | null;
  created_at: CreatedAt;
  updated_at: Timestamp;
}

/** A row is a role that holds, until `expires_at` at most; one that was taken away is deleted. */
export interface PersonRolesTable {
  person_role_id: string;
  person_id: string;
  role: PersonRole;
  practice_id: string | null;
  integrator_id: string | null;
  expires_at: Timestamp | null;
  /** A personId, or `operator`. */
  invited_by: string;
  created_at: CreatedAt;
}

export interface PasskeysTable {
  /** The credential id, base64url. */
  passkey_id: string;
  person_id: string;
  /** The person's own word for it. */
  name: string;
  /** COSE_Key (RFC 9052), as the authenticator gave it. */
  public_key: Buffer;
  /** The same key as SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  /** COSE: -7 ES256, -8 EdDSA (Ed25519), -257 RS256. */
  algorithm: number;
  counter: ColumnType<string, number | string, number | string>;
  transports: JSONColumnType<string[]>;
  is_synced: boolean;
  rp_id: string;
  /** The page's origin when it was made. */
  origin: string;
  created_at: CreatedAt;
  last_used_at: Timestamp | null;
}

export interface SessionsTable {
  session_id: string;
  /** SHA-256 of the token in the cookie. */
  token_hash: Buffer;
  /** The token before the last step-up still serves what was under way. */
  previous_hash: Buffer | null;
  previous_until: Timestamp | null;
  person_id: string;
  signed_in_with: 'passkey' | 'oidc';
  idle_seconds: number;
  started_at: Timestamp;
  idle_until: Timestamp;
  ends_at: Timestamp;
}

export interface InvitationsTable {
  /** The public part of the code. */
  invitation_id: string;
  /** SHA-256 of the code's secret part. */
  secret_hash: Buffer;
  role: PersonRole;
  practice_id: string | null;
  integrator_id: string | null;
  role_expires_at: Timestamp | null;
  email: string | null;
  invited_by: string;
  failed_attempts: Generated<number>;
  expires_at: Timestamp;
  accepted_at: Timestamp | null;
  accepted_by: string | null;
  created_at: CreatedAt;
}

/** A challenge that waits for its one answer. */
export interface CeremoniesTable {
  ceremony_id: string;
  kind: 'invitation' | 'passkey' | 'sign-in' | 'oidc';
  /** base64url of 32 random bytes; of OIDC: its state. */
  challenge: string;
  /** Whose it will be, or is. */
  person_id: string | null;
  invitation_id: string | null;
  detail: JSONColumnType<Record<string, string>> | null;
  expires_at: Timestamp;
}

export interface StepUpsTable {
  step_up_id: string;
  person_id: string;
  session_id: string;
  /** Canonical JSON, exactly what is signed. */
  action: string;
  expires_at: Timestamp;
}

export interface OidcIdentitiesTable {
  issuer: string;
  subject: string;
  person_id: string;
  created_at: CreatedAt;
  last_used_at: Timestamp | null;
}

export interface PeopleTables {
  people: PeopleTable;
  person_roles: PersonRolesTable;
  passkeys: PasskeysTable;
  sessions: SessionsTable;
  invitations: InvitationsTable;
  ceremonies: CeremoniesTable;
  step_ups: StepUpsTable;
  oidc_identities: OidcIdentitiesTable;
}
