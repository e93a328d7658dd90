/**
 * Access tokens of OAuth clients: `ct_<env>_<clientId>_<end>_<result secret>_<mac>`. Every node can
 * check one without asking anybody: the MAC is made with a key that all nodes derive from the pepper.
 * The result secret is the client's own; it stands in the token alone, so that stored results open
 * for who holds a token and for nobody who holds the servers.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

const FORM =
  /^(ct_([a-z]{2,8})_([A-Za-z0-9-]{12})_(\d{10})_([A-Za-z0-9_-]{43}|-))_([A-Za-z0-9_-]{43})$/;
/** Longer text cannot be a token, and is not worth an expression. */
const MAX_TOKEN_CHARACTERS = 256;

export interface AccessToken {
  clientId: string;
  /** Milliseconds since the epoch. */
  endsAtMs: number;
  /** 32 bytes; absent: the client named none. */
  resultSecret?: Buffer;
}

/** @param pepper of the API keys; another key comes of it, for tokens alone */
export function tokenKeyFrom(pepper: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', pepper, '', 'conduit-access-token-v1', 32));
}

const macOf = (body: string, tokenKey: Buffer): Buffer =>
  createHmac('sha256', tokenKey).update(body).digest();

export function makeAccessToken(
  { clientId, endsAtMs, resultSecret }: AccessToken,
  environment: string,
  tokenKey: Buffer,
): string {
  const end = String(Math.floor(endsAtMs / 1_000)).padStart(10, '0');
  const secret = resultSecret?.toString('base64url') ?? '-';
  const body = `ct_${environment}_${clientId}_${end}_${secret}`;
  return `${body}_${macOf(body, tokenKey).toString('base64url')}`;
}

/** What a token says, unproven: for a request that the guard has let in. */
export function readAccessToken(
  text: string,
): (AccessToken & { mac: Buffer; body: string }) | undefined {
  if (text.length > MAX_TOKEN_CHARACTERS) return undefined;
  const [, body, , clientId, end, secret, mac] = FORM.exec(text) ?? [];
  if (body === undefined || clientId === undefined || mac === undefined) return undefined;
  return {
    body,
    clientId,
    endsAtMs: Number(end) * 1_000,
    mac: Buffer.from(mac, 'base64url'),
    ...(secret !== '-' && { resultSecret: Buffer.from(secret ?? '', 'base64url') }),
  };
}

/** @returns undefined for text that is no token of ours; whether it has ended is for the caller to see */
export function proveAccessToken(text: string, tokenKey: Buffer): AccessToken | undefined {
  const token = readAccessToken(text);
  if (!token) return undefined;
  return timingSafeEqual(token.mac, macOf(token.body, tokenKey)) ? token : undefined;
}

/** The token of `Authorization: Bearer …` (RFC 6750); undefined for any other scheme. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
}
