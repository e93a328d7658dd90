/**
 * What an agent and the broker's public listener say to each other before there is a link: getting
 * an identity with a one-time code, getting a certificate back after a long outage, and the time.
 * Bytes travel as base64url without padding; the transcripts that get signed are below.
 */
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const base64url = (bytes: number) => new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 8) / 6)}}$`);
const signature = base64url(64);
const rawKey = base64url(32);
const certificateRequest = /^[A-Za-z0-9_-]{1,10923}$/;
const challenge = /^[A-Za-z0-9_-]{1,200}$/;

export const enrolmentPaths = {
  enrolmentChallenge: '/agent/enrolment/challenge',
  enrolment: '/agent/enrolment',
  recoveryChallenge: '/agent/recovery/challenge',
  recovery: '/agent/recovery',
  time: '/agent/time',
} as const;

export interface ChallengeAnswer {
  challenge: string;
  /** Milliseconds for which it is good. */
  expiresInMs: number;
}

/** Both signatures cover (challenge, code id, certificate request, identity key, encryption key). */
export class EnrolmentDto {
  @Matches(/^[0-9a-f]{16}$/)
  codeId!: string;

  @Matches(challenge)
  challenge!: string;

  /** PKCS #10, DER. */
  @Matches(certificateRequest)
  certificateRequest!: string;

  /** Raw Ed25519. */
  @Matches(rawKey)
  identityPublicKey!: string;

  /** Raw X25519. */
  @Matches(rawKey)
  encryptionPublicKey!: string;

  /** By the key that the code's seed derives. */
  @Matches(signature)
  codeSignature!: string;

  /** By the identity key. */
  @Matches(signature)
  identitySignature!: string;
}

/** The signature covers (challenge, certificate request, identity key). */
export class RecoveryDto {
  @Matches(challenge)
  challenge!: string;

  @Matches(certificateRequest)
  certificateRequest!: string;

  @Matches(rawKey)
  identityPublicKey!: string;

  /** By the identity key. */
  @Matches(signature)
  identitySignature!: string;
}

export class TimeQueryDto {
  /** Chosen anew by the agent, so that an old answer cannot be played back. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(/^[A-Za-z0-9_-]*$/)
  nonce?: string;
}

export interface SiteToServe {
  siteId: string;
  name: string;
  pmsType: string;
  pmsSiteId: string;
}

/** What the operator registers, beside what the agent is told. */
export interface RegisteredSite extends SiteToServe {
  isSandbox?: true;
}

/** Who the agent is, now that it is somebody. */
export interface IdentityAnswer {
  agentId: string;
  practiceId: string;
  trustDomain: string;
  /** PEM */
  certificate: string;
  /** PEM of the device CA; the agent checks it against the pin of its code. */
  authority: string;
  /** wss:// address of the gateway. */
  linkUrl: string;
  sites: SiteToServe[];
}

/** The signature covers (nonce, time in milliseconds as decimal text), by the certificate's key. */
export interface TimeAnswer {
  nonce: string;
  timeMs: number;
  /** PEM of a server certificate issued by the device CA. */
  certificate: string;
  /** PEM of the device CA. */
  authority: string;
  signature: string;
}
