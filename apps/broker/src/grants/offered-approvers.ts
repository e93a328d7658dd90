import { Injectable } from '@nestjs/common';
import { Kysely } from 'kysely';

import type { SpeakingAgent } from '#apps/broker/src/grants/agent-sites.js';
import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
import type { Database } from '#libs/db/schema.js';
import type { PasskeyApprover } from '#libs/grants/approver.js';
import { passkeyApproverId } from '#libs/grants/approver.js';
import {
  isOfferedPasskey,
  type OfferedPasskey,
  type OfferedPasskeys,
} from '#libs/grants/grant-messages.js';
import { sixWords } from '#libs/grants/six-words.js';

/** A passkey of an owner, and where it counts. */
export interface OfferedApprover {
  personId: string;
  approverId: string;
  /** base64url, as browsers name it. */
  credentialId: string;
  /** The person's name and own word for the passkey. */
  name: string;
  /** What the practice's server shows too when the passkey is admitted there. */
  words: string;
  agents: ApproverAtAgent[];
}

export interface ApproverAtAgent {
  agentId: string;
  /** ISO 8601 UTC, as the agent says; absent: its signature counts for nothing there. */
  admittedAt?: string;
}

interface Row extends OfferedPasskey {
  personId: string;
}

/** What may not be in a name that is shown on a terminal, and how long it may be there. */
const UNSHOWABLE = /\p{C}/gu;
const NAME_CHARACTERS = 100;

/** The passkeys of a practice's owners: each is offered to its servers, which admit it or not. */
@Injectable()
export class OfferedApprovers {
  constructor(
    private readonly database: Kysely<Database>,
    private readonly rules: AgentRulesBook,
  ) {}

  /** Each owner's passkeys, and at which of the practice's agents they are admitted. */
  async of(practiceId: string): Promise<OfferedApprover[]> {
    const [rows, agents] = await Promise.all([
      this.rowsOf(practiceId),
      this.rules.ofPractice(practiceId),
    ]);
    return rows.map((row) => {
      const approverId = passkeyApproverId(row);
      return {
        personId: row.personId,
        approverId,
        credentialId: row.credentialId,
        name: row.name,
        words: sixWords(row),
        agents: agents.map(({ agentId, rules }) => {
          const admitted = rules?.approvers.find((one) => one.approverId === approverId);
          return { agentId, ...(admitted && { admittedAt: admitted.addedAt }) };
        }),
      };
    });
  }

  /** What the agent's people are shown to compare and admit. */
  async forAgent(peer: SpeakingAgent): Promise<OfferedPasskeys> {
    const rows = await this.rowsOf(peer.practiceId);
    return { passkeys: rows.map(({ personId: _, ...passkey }) => passkey) };
  }

  /** The passkey with which this owner signs, as an approver; undefined when it is not the person's. */
  async find(
    practiceId: string,
    personId: string,
    credentialId: string,
  ): Promise<PasskeyApprover | undefined> {
    const row = (await this.rowsOf(practiceId)).find(
      (one) => one.personId === personId && one.credentialId === credentialId,
    );
    if (!row) return undefined;
    const { personId: _, ...key } = row;
    const addedAt = new Date(0).toISOString();
    return { ...key, kind: 'webauthn', approverId: passkeyApproverId(key), addedAt };
  }

  private async rowsOf(practiceId: string): Promise<Row[]> {
    const rows = await this.database
      .selectFrom('person_roles')
      .innerJoin('people', 'people.person_id', 'person_roles.person_id')
      .innerJoin('passkeys', 'passkeys.person_id', 'person_roles.person_id')
      .select(['people.person_id', 'people.name as person_name', 'passkeys.name as passkey_name'])
      .select(['passkey_id', 'spki', 'algorithm', 'rp_id', 'origin'])
      .where('person_roles.practice_id', '=', practiceId)
      .where('person_roles.role', '=', 'practice-owner')
      .orderBy('passkeys.created_at')
      .limit(200)
      .execute();
    return rows
      .map((row) => ({
        personId: row.person_id,
        publicKey: row.spki.toString('base64url'),
        algorithm: row.algorithm as Row['algorithm'],
        credentialId: row.passkey_id,
        rpId: row.rp_id,
        origin: row.origin,
        name: `${row.person_name}, ${row.passkey_name}`
          .replace(UNSHOWABLE, '?')
          .slice(0, NAME_CHARACTERS),
      }))
      .filter(({ personId: _, ...passkey }) => isOfferedPasskey(passkey));
  }
}
