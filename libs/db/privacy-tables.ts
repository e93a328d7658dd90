/** The tables of the practice's privacy desk, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type {
  IdentityFinding,
  PrivacyGround,
  PrivacyKind,
  PrivacyOutcome,
  PrivacyStepKind,
} from '#libs/console-api/privacy.js';

type Timestamp = ColumnType<Date, Date | string, Date | string>;
type Grounds = JSONColumnType<PrivacyGround[], string | undefined>;

export interface PrivacyRequestsTable {
  privacy_request_id: string;
  practice_id: string;
  kind: PrivacyKind;
  /** The practice's own. */
  reference: string;
  /** YYYY-MM-DD by the practice's clock. */
  received_on: string;
  due_on: string;
  identity: IdentityFinding | null;
  /** Null: the practice answers it. */
  integrator_id: string | null;
  /** Null with `ended_at`: open. */
  outcome: PrivacyOutcome | null;
  grounds: Grounds;
  ended_at: Timestamp | null;
  /** How many reminders have gone: see remind-privacy.ts. */
  reminded: Generated<number>;
  created_at: Timestamp;
}

/** What was done about a request, in order: the evidence. */
export interface PrivacyStepsTable {
  privacy_step_id: Generated<string>;
  privacy_request_id: string;
  at: Timestamp;
  kind: PrivacyStepKind;
  person_id: string;
  /** A word of a closed list, or an integrator's id. */
  word: string | null;
  grounds: Grounds;
  /** People's own words, without health information. */
  note: string | null;
}

export interface PrivacyTables {
  privacy_requests: PrivacyRequestsTable;
  privacy_steps: PrivacyStepsTable;
}
