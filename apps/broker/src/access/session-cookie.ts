/**
 * The cookie that carries a session's token. `__Host-`: browsers take it only over HTTPS (or at
 * localhost), for this host alone and for all of it; Strict: no other site's page sends it along.
 */
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Secret } from '#libs/kernel/secret.js';

const NAME = '__Host-conduit';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

/** The token of a request, if it has the form of one. */
export function readSessionCookie({ headers }: FastifyRequest): Secret | undefined {
  if (headers.cookie === undefined) return undefined;
  const token = cookie.fastifyCookie.parse(headers.cookie)[NAME];
  return token !== undefined && TOKEN.test(token) ? new Secret(token) : undefined;
}

/** Without an end of its own: the session's end is the server's to know. */
export function setSessionCookie(reply: FastifyReply, token: Secret): void {
  reply.header('Set-Cookie', cookie.fastifyCookie.serialize(NAME, token.reveal(), attributes));
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.header(
    'Set-Cookie',
    cookie.fastifyCookie.serialize(NAME, '', { ...attributes, maxAge: 0 }),
  );
}
