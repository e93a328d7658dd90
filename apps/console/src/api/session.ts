/** Calls about the person at the keyboard: who they are, how they come in, their passkeys. */
import type {
  AcceptInvitationRequest,
  ActionText,
  AddPasskeyOptions,
  AddPasskeyRequest,
  BegunStepUp,
  LinkedAccount,
  OpenedInvitation,
  Passkey,
  Session,
  SignInOptions,
  SignInRequest,
  SignInWays,
  StepUp,
} from '#libs/console-api/session.js';
import { Problem, request } from './request.js';

/** null when nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  try {
    return await request<Session>('GET', '/session');
  } catch (error) {
    if (error instanceof Problem && error.endsSession) return null;
    throw error;
  }
}

/** Being signed out already is as good. */
export async function signOut(): Promise<void> {
  try {
    await request('DELETE', '/session');
  } catch (error) {
    if (!(error instanceof Problem && error.endsSession)) throw error;
  }
}

export const readSignInWays = () => request<SignInWays>('GET', '/sign-in/ways');
export const beginSignIn = () => request<SignInOptions>('POST', '/sign-in/options', {});
export const signIn = (answer: SignInRequest) => request<Session>('POST', '/sign-in', answer);

export const openInvitation = (code: string) =>
  request<OpenedInvitation>('POST', '/invitations/open', { code });
export const acceptInvitation = (acceptance: AcceptInvitationRequest) =>
  request<Session>('POST', '/invitations/accept', acceptance);

export const readPasskeys = () => request<Passkey[]>('GET', '/passkeys');
export const beginPasskey = () => request<AddPasskeyOptions>('POST', '/passkeys/options', {});
export const addPasskey = (passkey: AddPasskeyRequest) =>
  request<Passkey>('POST', '/passkeys', passkey);
export const removePasskey = (passkeyId: string, stepUp: StepUp) =>
  request<void>('DELETE', `/passkeys/${encodeURIComponent(passkeyId)}`, { stepUp });

export const readLinkedAccount = () => request<LinkedAccount>('GET', '/oidc/link');
/** @returns where the browser goes to prove the account */
export const linkAccount = (stepUp: StepUp) =>
  request<{ url: string }>('POST', '/oidc/link', { stepUp });
export const unlinkAccount = (stepUp: StepUp) => request<void>('DELETE', '/oidc/link', { stepUp });

export const beginStepUp = (action: ActionText) =>
  request<BegunStepUp>('POST', '/step-up', { action });
