/**
 * The agent's signed word about what counts on its server: whose passkeys, up to which ceiling, which
 * epoch. For the console to show and for drafts to keep within; the agent goes by its own files.
 */
import type { KeyObject } from 'node:crypto';

import {
  signStatement,
  verifyStatement,
  type SignedStatement,
  type StatementForm,
} from '#libs/grants/agent-statement.js';
import { approverIdPattern } from '#libs/grants/approver.js';
import { isWholeCeiling, type Ceiling } from '#libs/grants/ceiling.js';
import { instant, integer, list, matches, object, oneOf } from '#libs/grants/field-checks.js';

export interface AdmittedApprover {
  approverId: string;
  /** ISO 8601 UTC. */
  addedAt: string;
}

export interface AgentRules {
  type: 'conduit-agent-rules-v1';
  agentId: string;
  /** Documents of an older epoch are void there. */
  epoch: number;
  ceiling: Ceiling;
  /** Passkeys whose signature counts there. */
  approvers: AdmittedApprover[];
  /** ISO 8601 UTC. */
  at: string;
}

export type SignedRules = SignedStatement;

/** Passkeys that one server admits at most. */
export const MAX_APPROVERS = 50;

const form: StatementForm = {
  type: 'conduit-agent-rules-v1',
  maxCharacters: 16_384,
  shape: {
    required: {
      type: oneOf(['conduit-agent-rules-v1']),
      agentId: matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
      epoch: integer(0, Number.MAX_SAFE_INTEGER),
      ceiling: isWholeCeiling,
      approvers: list(
        object({ required: { approverId: matches(approverIdPattern), addedAt: instant } }),
        0,
        MAX_APPROVERS,
      ),
      at: instant,
    },
  },
};

/** Signs with `signer`, which takes the 32 bytes and answers an Ed25519 signature. */
export const signRules = (
  rules: AgentRules,
  signer: (bytes: Uint8Array) => Uint8Array,
): SignedRules => signStatement(rules, signer);

/** The rules when form and signature are right, otherwise undefined. */
export const verifyRules = (signed: unknown, agentKey: KeyObject): AgentRules | undefined =>
  verifyStatement<AgentRules>(signed, form, agentKey);
