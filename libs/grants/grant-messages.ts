/**
 * Meta and answers of the link messages about permission (patterns in libs/contracts/link-messages.ts).
 * None of them has a body.
 */
import { firstWrongField, matches, object, type Shape } from '#libs/grants/field-checks.js';
import type { SignedRules } from '#libs/grants/agent-rules.js';
import { isUsablePasskey, passkeyKeyChecks, type PasskeyKey } from '#libs/grants/approver.js';
import type { SignedReceipt } from '#libs/grants/grant-receipt.js';
import type { SignedGrant } from '#libs/grants/grant.js';
import { isSignedGrant } from '#libs/grants/parse-grant.js';

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);

export const declineReasons = ['unknown', 'not-wanted', 'too-wide', 'other'] as const;
type DeclineReason = (typeof declineReasons)[number];

/** `pairing-code.create` */
export interface CreatePairingCodeMeta {
  siteId: string;
}
export interface CreatedPairingCode {
  /** To be shown once. */
  code: string;
  siteId: string;
  /** ISO 8601 UTC. */
  expiresAt: string;
}
export const createPairingCodeShape: Shape = { required: { siteId: id } };

/** What an integrator asks a site for. */
export interface AskedAccess {
  scopes: string[];
  catalogues: string[];
  purposes: string[];
}

/** A statement that is asked for, as the integrator calls it; its text is read in the console. */
export interface NamedStatement {
  sha256: string;
  name: string;
}

/** One open request, as `access-requests.list` answers it. All of it is the broker's word: shown, never trusted. */
export interface OpenAccessRequest {
  accessRequestId: string;
  siteId: string;
  siteName: string;
  integratorId: string;
  integratorName: string;
  abn?: string;
  asked: AskedAccess;
  /** Names of `statement:` scopes among what is asked; absent: there are none. */
  statements?: NamedStatement[];
  countries: string[];
  /** ISO 8601 UTC. */
  createdAt: string;
}
export interface OpenAccessRequests {
  requests: OpenAccessRequest[];
}

/** `access-request.decline` */
export interface DeclineAccessRequestMeta {
  accessRequestId: string;
  reason: DeclineReason;
}
export const declineAccessRequestShape: Shape = {
  required: {
    accessRequestId: id,
    reason: (value) => (declineReasons as readonly unknown[]).includes(value),
  },
};

const statement = object({
  required: { document: (v) => typeof v === 'string', signature: (v) => typeof v === 'string' },
});

/** `grant.publish` and `grant.publish-revocation` */
export interface PublishGrantMeta {
  signed: SignedGrant;
  receipt: SignedReceipt;
}
export const publishGrantShape: Shape = {
  required: {
    signed: isSignedGrant,
    receipt: statement,
  },
};

/** `grants.list`: the newest document of each grant of the agent's sites, revocations too. */
export interface ListedGrants {
  grants: SignedGrant[];
}

/** A passkey of one of the practice's owners. The broker's word: shown and compared, never trusted. */
export interface OfferedPasskey extends PasskeyKey {
  /** Whose it is. */
  name: string;
}

/** `approvers.offered` */
export interface OfferedPasskeys {
  passkeys: OfferedPasskey[];
}

/** Whether what was offered is a passkey that can be admitted at all. */
export const isOfferedPasskey = (value: unknown): value is OfferedPasskey =>
  firstWrongField(value, { required: passkeyKeyChecks }) === undefined &&
  isUsablePasskey(value as OfferedPasskey);

/** `rules.report` */
export interface ReportRulesMeta {
  rules: SignedRules;
}
export const reportRulesShape: Shape = { required: { rules: statement } };
