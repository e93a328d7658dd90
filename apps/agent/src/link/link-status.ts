/** How the link is, in words for a technician: what `status` shows and the log says once a change. */
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';

export type LinkState = 'connecting' | 'connected' | 'waiting' | 'stopped';

export interface LinkDiagnosis {
  code: ErrorCode;
  /** What is wrong. */
  title: string;
  /** What to do about it. */
  remedy: string;
  whoCanFix: string;
  /** A word that narrows it: the interceptor's name, the proxy's status. */
  reason?: string;
  host?: string;
}

export interface LinkStatus {
  state: LinkState;
  /** Milliseconds since the epoch at which the state was entered. */
  sinceMs: number;
  /** Why the last attempt failed or what is wrong although the link is up. */
  diagnosis?: LinkDiagnosis;
  /** When the next attempt follows, milliseconds since the epoch. */
  nextAttemptMs?: number;
  /** This machine's clock minus the broker's, milliseconds. */
  skewMs?: number;
  /** When the certificate ends, milliseconds since the epoch. */
  certificateEndsMs: number;
}

export function diagnosisOf(error: ConduitError): LinkDiagnosis {
  const { title, remedy, whoCanFix } = catalogue[error.code];
  const { reason, host } = error.facts;
  return {
    code: error.code,
    title,
    remedy,
    whoCanFix,
    ...(reason !== undefined && { reason }),
    ...(host !== undefined && { host }),
  };
}

/** Whether a technician would read the two as the same. */
export function isSameDiagnosis(one: LinkDiagnosis | undefined, other: LinkDiagnosis): boolean {
  return one?.code === other.code && one.reason === other.reason && one.host === other.host;
}
