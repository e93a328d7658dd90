/**
 * What the console and the broker say to each other about statements that integrators submit so that
 * practices can agree to them word for word. Types and closed lists only. A text holds no place for
 * anybody's facts: libs/tsql/agreed-statement.ts refuses every other.
 */

/** What a practice reads before it agrees. */
export interface StatementText {
  /** `statement:<sha256 hex>` of the text: what a permission names. The browser makes it again. */
  scope: string;
  name: string;
  description: string;
  text: string;
  /** It is no plain read: the practice's server runs it only where its ceiling lets it. */
  changes: boolean;
}

/** not-permitted: the practice has decided without it, or has taken it back. */
export const statementStandings = ['waiting', 'permitted', 'not-permitted'] as const;
export type StatementStanding = (typeof statementStandings)[number];

export interface SubmittedStatement extends StatementText {
  statementId: string;
  createdAt: string;
  createdByName?: string;
  /** Sites that were asked for it. */
  sites: { siteId: string; name: string; askedAt: string; standing: StatementStanding }[];
}

/** `GET …/integrators/:integratorId/statements`: newest first. */
export interface Statements {
  statements: SubmittedStatement[];
  /** So many there may be. */
  limit: number;
}

/** `POST statements` answers `{statementId}`. */
export interface SubmitStatementRequest {
  name: string;
  description: string;
  /** Kept, hashed and shown exactly as it is. */
  text: string;
}

/** `POST statements/:statementId/ask`. `DELETE statements/:statementId` takes it back. */
export interface AskStatementRequest {
  siteId: string;
}
