/** The tables of approvals by passkey, as Kysely sees them; libs/db/schema.ts has the others. */
import type { ColumnType, JSONColumnType } from 'kysely';

type Timestamp = ColumnType<Date, Date | string, Date | string>;

/** What an agent last said counts on its server. */
export interface AgentRulesTable {
  agent_id: string;
  /** The agent's statement and its signature, as they came. */
  signed: JSONColumnType<{ document: string; signature: string }>;
  updated_at: Timestamp;
}

/** A document that a passkey signed. It is in force when its row in `grants` has come, not before. */
export interface GrantProposalsTable {
  grant_id: string;
  seq: number;
  practice_id: string;
  /** The one agent that serves its sites. */
  agent_id: string;
  integrator_id: string;
  site_ids: JSONColumnType<string[]>;
  /** Who signed it. */
  person_id: string;
  revokes: boolean;
  /** Exactly as signed. */
  signed: JSONColumnType<object>;
  /**
   * proposed: it waits for the agent; refused: the agent said no; taken: in force there, with a
   * receipt; replaced: a newer document came first.
   */
  state: 'proposed' | 'refused' | 'replaced' | 'taken';
  /** An error code, and the word that narrows it. */
  refused_code: string | null;
  refused_reason: string | null;
  created_at: Timestamp;
  decided_at: Timestamp | null;
  /** The access request that it answers, and that request's version when it was read. */
  answers: JSONColumnType<
    { accessRequestId: string; version: string } | null,
    string | null | undefined,
    string | null
  >;
}

export interface ApprovalTables {
  agent_rules: AgentRulesTable;
  grant_proposals: GrantProposalsTable;
}
