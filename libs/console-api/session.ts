/**
 * What the console and the broker say to each other about people: invitations, passkeys, sessions,
 * step-ups. Types and closed lists only, so that the browser takes nothing else along.
 * Times are ISO 8601 UTC; binary is base64url.
 */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';

export const practiceRoles = [
  'practice-owner',
  'practice-manager',
  'practice-auditor',
  'msp-technician',
] as const;
export const integratorRoles = ['integrator-admin', 'integrator-developer'] as const;
export const operatorRoles = ['operator-support', 'operator-security'] as const;
/** No role implies another; a person may hold several. */
export const personRoles = [...practiceRoles, ...integratorRoles, ...operatorRoles] as const;

export type PracticeRole = (typeof practiceRoles)[number];
export type IntegratorRole = (typeof integratorRoles)[number];
export type OperatorRole = (typeof operatorRoles)[number];
export type PersonRole = (typeof personRoles)[number];

/** A role and where it holds. */
export interface RolePlace {
  role: PersonRole;
  practiceId?: string;
  practiceName?: string;
  integratorId?: string;
  integratorName?: string;
  /** Of an MSP technician always, of others never. */
  expiresAt?: string;
}

export interface Session {
  person: { personId: string; name: string; email?: string };
  /** What holds now. */
  roles: RolePlace[];
  startedAt: string;
  /** Without another request the session ends then; */
  idleUntil: string;
  /** and then in any case. */
  endsAt: string;
  signedInWith: 'passkey' | 'oidc';
  /** IANA name, where the practice has said one. */
  timeZone?: string;
}

/** `POST /console/api/invitations/open` */
export interface OpenInvitationRequest {
  code: string;
}
/** What the invitation is for, before anything is accepted. */
export interface OpenedInvitation extends RolePlace {
  /** When the invitation ends; the role's own end is `expiresAt`. */
  invitationEndsAt: string;
  email?: string;
  /** For a new person's first passkey. */
  options: PublicKeyCredentialCreationOptionsJSON;
}

/** `POST /console/api/invitations/accept`: with a session the code alone, else all three. */
export interface AcceptInvitationRequest {
  code: string;
  name?: string;
  credential?: RegistrationResponseJSON;
}

/** `POST /console/api/sign-in/options` */
export interface SignInOptions {
  ceremonyId: string;
  options: PublicKeyCredentialRequestOptionsJSON;
}
/** `POST /console/api/sign-in` */
export interface SignInRequest {
  ceremonyId: string;
  credential: AuthenticationResponseJSON;
}
/** `GET /console/api/sign-in/ways` */
export interface SignInWays {
  passkey: true;
  /** Words for the button; absent: no such way here. */
  oidc?: { label: string };
}

/** `GET /console/api/oidc/link`; the others at this address take actions `identity.link`, `identity.unlink`. */
export interface LinkedAccount {
  isLinked: boolean;
}

export interface Passkey {
  passkeyId: string;
  name: string;
  createdAt: string;
  lastUsedAt?: string;
  /** It is kept by a password manager or a cloud account, so that a lost device does not lose it. */
  isSynced: boolean;
  /** The console's address that it was made at; it signs in only there. */
  origin: string;
}
/** `POST /console/api/passkeys/options` */
export interface AddPasskeyOptions {
  ceremonyId: string;
  options: PublicKeyCredentialCreationOptionsJSON;
}
/** `POST /console/api/passkeys`: action `{type: 'passkey.add', name}`. */
export interface AddPasskeyRequest {
  ceremonyId: string;
  name: string;
  credential: RegistrationResponseJSON;
  stepUp: StepUp;
}
/** `DELETE /console/api/passkeys/:passkeyId`: action `{type: 'passkey.remove', passkeyId}`. */
export interface StepUpRequest {
  stepUp: StepUp;
}

/** What a person is about to do, in full: every field that matters to the act. */
export interface ActionText {
  /** `noun.verb` */
  type: string;
  [field: string]: ActionValue;
}
export type ActionValue =
  string | number | boolean | null | ActionValue[] | { [field: string]: ActionValue };

/** `POST /console/api/step-up` */
export interface BeginStepUpRequest {
  action: ActionText;
}
export interface BegunStepUp {
  stepUpId: string;
  /** Canonical JSON, exactly what is signed: what was asked, and `personId` and `at`. */
  action: string;
  options: PublicKeyCredentialRequestOptionsJSON;
  expiresAt: string;
}
/** What an acting call carries: the assertion over the action. */
export interface StepUp {
  stepUpId: string;
  credential: AuthenticationResponseJSON;
}

/**
 * `POST …/practices/:practiceId/invitations` and its like: action `{type: 'invitation.create', role,
 * practiceId | integratorId, email, expiresAt}`, without the fields that are absent here.
 */
export interface CreateInvitationRequest {
  role: PersonRole;
  /** Where it is mailed to, when mail is set up; else the link is shown. */
  email?: string;
  /** Of a technician's role: at most ninety days from now. */
  expiresAt?: string;
  stepUp: StepUp;
}
export interface CreatedInvitation {
  invitationId: string;
  invitationEndsAt: string;
  /** Absent: it was mailed. */
  link?: string;
}

export interface OpenInvitation {
  invitationId: string;
  role: PersonRole;
  email?: string;
  expiresAt?: string;
  invitationEndsAt: string;
}
export interface RoleHolder {
  personId: string;
  name: string;
  email?: string;
  role: PersonRole;
  expiresAt?: string;
  since: string;
}
/** `GET …/people` of a practice, an integrator or the operator. */
export interface People {
  holders: RoleHolder[];
  invitations: OpenInvitation[];
}
