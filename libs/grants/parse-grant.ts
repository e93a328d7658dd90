/**
 * Reading a grant document that came from outside. Strict by intent: a field that this version does
 * not know might narrow the permission, so a document that holds one is refused, not guessed at.
 */
import { readCanonicalJson } from '#libs/grants/canonical-json.js';
import {
  firstWrongField,
  instant,
  integer,
  list,
  matches,
  object,
  oneOf,
  type Check,
  type Shape,
} from '#libs/grants/field-checks.js';
import { purposes, type Grant, type PermittedHours, type SignedGrant } from '#libs/grants/grant.js';
import { isTimeZone } from '#libs/grants/permitted-hours.js';
import { parseScope } from '#libs/grants/scope.js';

export const grantBounds = {
  documentCharacters: 131_072,
  days: 400,
  approvals: 8,
  /** Of a passkey's assertion: what browsers and authenticators make, several times over. */
  clientDataBytes: 4_096,
  authenticatorBytes: 1_024,
  signatureBytes: 640,
} as const;

const DAY_MS = 86_400_000;

const id = matches(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);
const thumbprint = matches(/^[A-Za-z0-9_-]{43}$/);
const time = matches(/^([01]\d|2[0-3]):[0-5]\d$/);

const hoursShape: Shape = {
  required: {
    timeZone: isTimeZone,
    days: list(integer(1, 7), 1, 7),
    from: time,
    to: (value) => value === '24:00' || time(value),
  },
};

const limitsShape: Shape = {
  required: {},
  optional: {
    rows: integer(1, 1_000_000_000),
    bytes: integer(1, 1_099_511_627_776),
    ms: integer(1, DAY_MS),
    concurrency: integer(1, 1_000),
    perMinute: integer(1, 1_000_000),
    resultMinutes: integer(1, 1_440),
    hours: (value) =>
      firstWrongField(value, hoursShape) === undefined &&
      (value as PermittedHours).from !== (value as PermittedHours).to,
  },
};

const writesShape: Shape = {
  required: {},
  optional: { journal: oneOf(['none']), callerKey: oneOf(['required']) },
};

const grantShape: Shape = {
  required: {
    type: oneOf(['conduit-grant-v1']),
    grantId: id,
    seq: integer(1, 2_147_483_647),
    epoch: integer(0, 2_147_483_647),
    practiceId: id,
    siteIds: list(id, 1, 100),
    agentKeyThumbprints: list(thumbprint, 1, 20),
    integratorId: id,
    integratorKeyThumbprints: list(thumbprint, 0, 20),
    scopes: list((scope) => typeof scope === 'string' && parseScope(scope) !== undefined, 1, 500),
    // The first characters keep control characters out of what people are shown.
    catalogues: list(matches(/^[\p{L}\p{N}_][\p{L}\p{N}_ .$#@-]{0,127}$/u), 1, 50),
    purposes: list(oneOf(purposes), 1, purposes.length),
    limits: object(limitsShape),
    encryptionMode: oneOf(['edge', 'sidecar', 'sealed']),
    notBefore: instant,
    expires: instant,
    countries: list(matches(/^[A-Z]{2}$/), 1, 50),
  },
  optional: {
    revoked: oneOf([true]),
    // Nothing in it would say nothing, in two spellings.
    writes: (value) =>
      firstWrongField(value, writesShape) === undefined && Object.keys(value as object).length > 0,
  },
};

const ed25519Shape: Shape = {
  required: {
    kind: oneOf(['ed25519']),
    approverId: id,
    signature: matches(/^[A-Za-z0-9_-]{86}$/),
  },
};

const base64url = (maxBytes: number): Check => {
  const maxCharacters = Math.ceil((maxBytes * 4) / 3);
  return (value) =>
    typeof value === 'string' && value.length <= maxCharacters && /^[A-Za-z0-9_-]+$/.test(value);
};

const passkeyShape: Shape = {
  required: {
    kind: oneOf(['webauthn']),
    approverId: id,
    authenticatorData: base64url(grantBounds.authenticatorBytes),
    clientDataJSON: base64url(grantBounds.clientDataBytes),
    signature: base64url(grantBounds.signatureBytes),
  },
};

const signature: Check = (value) =>
  [ed25519Shape, passkeyShape].some((shape) => firstWrongField(value, shape) === undefined);

const signedGrantShape: Shape = {
  required: {
    document: (value) =>
      typeof value === 'string' && value.length <= grantBounds.documentCharacters,
    approvals: list(signature, 0, grantBounds.approvals),
  },
};

export type GrantReading =
  | { ok: true; grant: Grant }
  | {
      ok: false;
      reason: 'too-large' | 'not-json' | 'not-canonical' | 'field-invalid' | 'term-invalid';
      /** Which field, when it is one of ours. */
      field?: string;
    };

/** Name of the first field that keeps a value from being a grant; undefined when it is one. */
function wrongGrantField(value: unknown): string | undefined {
  return firstWrongField(value, grantShape);
}

/** Reads the canonical text of a grant. Refuses what it does not know to the last field. */
export function parseGrant(document: string): GrantReading {
  const reading = readCanonicalJson(document, grantBounds.documentCharacters);
  if (!reading.ok) return reading;
  const field = wrongGrantField(reading.value);
  if (field !== undefined) {
    // Unknown names come from outside and are not repeated.
    const ours = [grantShape.required, grantShape.optional].some(
      (fields) => fields !== undefined && Object.hasOwn(fields, field),
    );
    return { ok: false, reason: 'field-invalid', ...(ours ? { field } : {}) };
  }
  const grant = reading.value as Grant;
  const termMs = Date.parse(grant.expires) - Date.parse(grant.notBefore);
  if (termMs <= 0 || termMs > grantBounds.days * DAY_MS)
    return { ok: false, reason: 'term-invalid', field: 'expires' };
  if (grant.encryptionMode === 'sealed' && grant.integratorKeyThumbprints.length === 0)
    return { ok: false, reason: 'field-invalid', field: 'integratorKeyThumbprints' };
  return { ok: true, grant };
}

/** Whether a value has the exact form of a signed grant; says nothing about its signatures. */
export function isSignedGrant(value: unknown): value is SignedGrant {
  return firstWrongField(value, signedGrantShape) === undefined;
}
