import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { readBody } from '#apps/broker/src/edge/read-body.js';
import { IssueToken, tokenSeconds } from '#apps/broker/src/oauth/issue-token.js';
import { oauthFailure, type OauthErrorCode } from '#apps/broker/src/oauth/oauth-failure.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const FORM_BYTES = 16 * 1024;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

interface Granted {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

/** The token endpoint (RFC 6749 §4.4, RFC 7523 §2.2): its answers are OAuth's own, failures included. */
@Controller('oauth2')
@Policy('ownProof')
export class TokenController {
  constructor(private readonly issue: IssueToken) {}

  @Post('token')
  async token(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Granted | OauthErrorCode> {
    reply.header('Cache-Control', 'no-store').header('Content-Type', 'application/json');
    try {
      const form = await readForm(request);
      const token = await this.issue.execute({
        ...orderIn(form),
        address: request.ip,
        requestId: request.id,
      });
      reply.status(200);
      return { access_token: token, token_type: 'Bearer', expires_in: tokenSeconds };
    } catch (error) {
      const { status, body } = oauthFailure(error);
      reply.status(status);
      return body;
    }
  }
}

async function readForm(request: FastifyRequest): Promise<Map<string, string>> {
  const body = await readBody(request, FORM_BYTES, undefined, FORM_TYPE);
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    // RFC 6749 §3.2: no parameter twice.
    if (form.has(name)) throw invalid('form', 'has a parameter twice');
    if (value !== '') form.set(name, value);
  }
  return form;
}

function orderIn(form: ReadonlyMap<string, string>) {
  const grantType = form.get('grant_type');
  if (grantType === undefined) throw invalid('grant_type', 'is missing');
  if (grantType !== 'client_credentials') throw invalid('grant_type', 'must be client_credentials');
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
    throw invalid('client_assertion_type', `must be ${ASSERTION_TYPE}`);
  }
  const assertion = form.get('client_assertion');
  if (assertion === undefined) throw invalid('client_assertion', 'is missing');
  const [clientId, resultSecret] = [form.get('client_id'), form.get('result_secret')];
  return {
    assertion,
    ...(clientId !== undefined && { clientId }),
    ...(resultSecret !== undefined && { resultSecret }),
  };
}

const invalid = (field: string, problem: string): ConduitError =>
  new ConduitError('REQUEST_INVALID', { facts: { field, problem } });
