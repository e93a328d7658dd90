/**
 * Whether a document may enter the agent's store. The broker only carries it: each thing that it
 * could have changed, invented, swapped or kept back is checked here, and each refusal has a word
 * of its own. A document that ends a permission is let in where one that gives would not be.
 */
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { isSignedGrant, parseGrant } from '#libs/grants/parse-grant.js';
import type { Approver } from '#libs/grants/approver.js';
import { verifyApprovals } from '#libs/grants/sign-grant.js';
import { excessOf, type Ceiling } from '#libs/grants/ceiling.js';

export interface Examination {
  practiceId: string;
  siteIds: readonly string[];
  /** Thumbprint of the agent's own identity key. */
  agentKeyThumbprint: string;
  approvers: ReadonlyMap<string, Approver>;
  /** Highest epoch seen. */
  epoch: number;
  ceiling: Ceiling;
  /** The document of the same grant that is held already. */
  known?: { grant: Grant; document: string };
  nowMs: number;
}

export type Finding =
  | { verdict: 'new' | 'known'; grant: Grant; signed: SignedGrant }
  | { verdict: 'refused'; code: ErrorCode; reason: string; grant?: Grant };

/** Who the grant is between; a later document of it can't change that. */
const samePeople = (one: Grant, other: Grant): boolean =>
  one.integratorId === other.integratorId && one.practiceId === other.practiceId;

function wrongAddress(grant: Grant, own: Examination): string | undefined {
  if (grant.practiceId !== own.practiceId) return 'practice';
  if (!grant.agentKeyThumbprints.includes(own.agentKeyThumbprint)) return 'agent';
  if (!grant.revoked && !grant.siteIds.some((siteId) => own.siteIds.includes(siteId)))
    return 'site';
  return undefined;
}

function outOfOrder(grant: Grant, document: string, own: Examination): string | undefined {
  if (grant.epoch < own.epoch) return 'epoch-old';
  const { known } = own;
  if (!known) return undefined;
  // What was ended stays ended, also for an approver who had not heard of it: a new permission has a new id.
  if (known.grant.revoked && !grant.revoked) return 'revoked';
  if (grant.seq < known.grant.seq) return 'replayed';
  if (grant.seq === known.grant.seq && document !== known.document) return 'seq-taken';
  return samePeople(grant, known.grant) ? undefined : 'integrator-changed';
}

/**
 * What the grant asks for that this version cannot keep to: data sealed from the broker, or keys of
 * the integrator's. Undefined when there is nothing of the kind.
 */
export function unkeepableTerm(grant: Grant): string | undefined {
  if (grant.encryptionMode !== 'edge') return 'encryption-mode';
  return grant.integratorKeyThumbprints.length > 0 ? 'integrator-keys' : undefined;
}

/** Examines what came from outside, of whatever form. */
export function examineGrant(candidate: unknown, own: Examination): Finding {
  const refused = (code: ErrorCode, reason: string, grant?: Grant): Finding => ({
    verdict: 'refused',
    code,
    reason,
    ...(grant ? { grant } : {}),
  });
  if (!isSignedGrant(candidate)) return refused('GRANT_INVALID', 'malformed');
  const reading = parseGrant(candidate.document);
  if (!reading.ok) return refused('GRANT_INVALID', reading.reason);
  const { grant } = reading;
  const approvals = verifyApprovals(candidate, own.approvers);
  if (!approvals.ok) return refused('GRANT_INVALID', approvals.reason, grant);
  const wrong = wrongAddress(grant, own) ?? outOfOrder(grant, candidate.document, own);
  if (wrong !== undefined) return refused('GRANT_INVALID', wrong, grant);
  if (own.known?.document === candidate.document)
    return { verdict: 'known', grant, signed: candidate };
  if (grant.revoked) return { verdict: 'new', grant, signed: candidate };
  const unkeepable = unkeepableTerm(grant);
  if (unkeepable !== undefined) return refused('GRANT_INVALID', unkeepable, grant);
  if (Date.parse(grant.expires) <= own.nowMs) return refused('GRANT_EXPIRED', 'expired', grant);
  const excess = excessOf(grant, own.ceiling);
  if (excess !== undefined) return refused('GRANT_CEILING', excess, grant);
  return { verdict: 'new', grant, signed: candidate };
}
