/** Somebody at the console, over HTTP: a browser's cookie and Origin, and an authenticator in software. */
import {
  SoftAuthenticator,
  type Misbehaviour,
} from '#apps/broker/src/people/soft-authenticator.fixture.js';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type {
  ActionText,
  BegunStepUp,
  OpenedInvitation,
  PersonRole,
  Session,
  SignInOptions,
  StepUp,
} from '#libs/console-api/session.js';
import type { PretendApi } from '#test/contract/api.fixture.js';

const COOKIE = '__Host-conduit';

/** Where the console is. */
export interface ConsoleDoor {
  /** As browsers name it. */
  origin: string;
  call(
    method: string,
    path: string,
    options: { headers: Record<string, string>; body?: object },
  ): Promise<Response>;
}

const doorOf = (api: PretendApi): ConsoleDoor => ({
  origin: api.app.get(ConsoleOrigin).origins[0] ?? '',
  call: (method, path, options) => api.call(method, path, options),
});

export class ConsolePerson {
  readonly origin: string;
  readonly authenticator: SoftAuthenticator;
  /** The session's token, as the browser has it. */
  token: string | undefined;

  private readonly door: ConsoleDoor;

  constructor(at: PretendApi | ConsoleDoor) {
    this.door = 'origin' in at ? at : doorOf(at);
    this.origin = this.door.origin;
    this.authenticator = new SoftAuthenticator(this.origin);
  }

  /** @param path below `/console/api` */
  async call(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const response = await this.door.call(method, `/console/api${path}`, {
      headers: {
        accept: 'application/problem+json, application/json',
        ...(method !== 'GET' && { origin: this.origin }),
        ...(this.token !== undefined && { cookie: `${COOKIE}=${this.token}` }),
        ...headers,
      },
      ...(body && { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, token] = new RegExp(`^${COOKIE}=([^;]*)`).exec(cookie) ?? [];
      if (token !== undefined) this.token = token === '' ? undefined : token;
    }
    return response;
  }

  /** @throws Error naming the code, for an answer that is not a success */
  async json<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    // A file, or nothing, is an answer too.
    const type = response.headers.get('content-type') ?? '';
    const isJson = text !== '' && /^application\/([\w.-]+\+)?json\b/.test(type);
    const answer = isJson ? (JSON.parse(text) as { code?: string }) : undefined;
    if (!response.ok) throw Object.assign(new Error(answer?.code), { code: answer?.code });
    return answer as T;
  }

  async accept(link: string, name = 'Zz Alex Example'): Promise<Session> {
    const code = link.split('#')[1] ?? '';
    const { options } = await this.json<OpenedInvitation>('POST', '/invitations/open', { code });
    const credential = this.authenticator.create(options);
    return this.json('POST', '/invitations/accept', { code, name, credential });
  }

  async signIn(wrong: Misbehaviour = {}): Promise<Session> {
    const begun = await this.json<SignInOptions>('POST', '/sign-in/options', {});
    const credential = this.authenticator.get(begun.options, wrong);
    return this.json('POST', '/sign-in', { ceremonyId: begun.ceremonyId, credential });
  }

  async stepUp(action: ActionText): Promise<StepUp> {
    const begun = await this.json<BegunStepUp>('POST', '/step-up', { action });
    return { stepUpId: begun.stepUpId, credential: this.authenticator.get(begun.options) };
  }
}

export type InvitedTo = { role: PersonRole; practiceId?: string; integratorId?: string };

/** A link of an invitation by whoever has the operator's token. */
export async function aLink(api: PretendApi, to: InvitedTo): Promise<string> {
  const { link } = await api.operator('/operator/invitations', to);
  if (link === undefined) throw new Error('no link');
  return link;
}

/** Somebody who has accepted an invitation and is signed in. */
export async function aConsolePerson(api: PretendApi, to: InvitedTo): Promise<ConsolePerson> {
  const person = new ConsolePerson(api);
  await person.accept(await aLink(api, to));
  return person;
}
