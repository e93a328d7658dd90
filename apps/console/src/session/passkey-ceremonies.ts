/**
 * The browser's part of passkeys, with its failures in words. A person who closes the browser's
 * dialog has done nothing wrong: that is told as a step to take again, not as an error.
 */
import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import { Problem } from '#apps/console/src/api/request.js';

export const hasPasskeys = (): boolean => browserSupportsWebAuthn();

export const makePasskey = (
  optionsJSON: PublicKeyCredentialCreationOptionsJSON,
): Promise<RegistrationResponseJSON> => inWords(startRegistration({ optionsJSON }));

export const askPasskey = (
  optionsJSON: PublicKeyCredentialRequestOptionsJSON,
): Promise<AuthenticationResponseJSON> => inWords(startAuthentication({ optionsJSON }));

const words = {
  NotAllowedError: [
    'PASSKEY_NOT_USED',
    'The passkey was not used.',
    'The browser’s window was closed, took too long, or has no passkey for this address. Try again.',
  ],
  InvalidStateError: [
    'PASSKEY_KNOWN',
    'This device has a passkey for Conduit already.',
    'Use that one, or make this one on another device.',
  ],
  SecurityError: [
    'PASSKEY_ADDRESS',
    'Passkeys don’t work at this address.',
    'Open the console at the address your invitation names.',
  ],
} as const satisfies Record<string, [code: string, title: string, remedy: string]>;

const other = [
  'PASSKEY_FAILED',
  'The passkey didn’t work.',
  'Try again. If it stays like this, try another device or another browser.',
] as const;

async function inWords<T>(ceremony: Promise<T>): Promise<T> {
  try {
    return await ceremony;
  } catch (error) {
    const cause = error instanceof WebAuthnError ? (error.cause ?? error) : error;
    const name = cause instanceof Error ? cause.name : '';
    const [code, title, remedy] = name in words ? words[name as keyof typeof words] : other;
    throw new Problem({ status: 400, code, title, remedy });
  }
}
