/**
 * The cookie that carries a session's token. `__Host-`: browsers take it only over HTTPS (or at
 * localhost), for this host alone and for all of it; Strict: no other site's page sends it along.
 * Source: RFC 6265bis. Values are base64url of ours, so nothing has to be quoted or decoded.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Secret } from '#libs/kernel/secret.js';

const NAME = '__Host-conduit';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict';

/** The value of a cookie; undefined when it is absent or stands there twice. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** The token of a request, if it has the form of one. */
export function readSessionCookie({ headers }: FastifyRequest): Secret | undefined {
  const token = readCookie(headers.cookie, NAME);
  return token !== undefined && TOKEN.test(token) ? new Secret(token) : undefined;
}

/** Without an end of its own: the session's end is the server's to know. */
export function setSessionCookie(reply: FastifyReply, token: Secret): void {
  reply.header('Set-Cookie', `${NAME}=${token.reveal()}; ${ATTRIBUTES}`);
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.header('Set-Cookie', `${NAME}=; ${ATTRIBUTES}; Max-Age=0`);
}
