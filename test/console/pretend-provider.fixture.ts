/** A real OpenID provider in this process whose login page says yes at once, as whoever is set. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
// @ts-expect-error the package has no declarations
import { Provider as Provider_ } from 'oidc-provider';

interface Interaction {
  prompt: { name: string };
  params: { client_id: string };
  session?: { accountId: string };
}
interface Grant {
  addOIDCScope(scope: string): void;
  save(): Promise<string>;
}
interface ProviderLike {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options: object,
  ): Promise<void>;
  Grant: new (grant: object) => Grant;
}
const Provider = Provider_ as new (issuer: string, options: object) => ProviderLike;

export const pretendClient = { id: 'conduit', secret: 'a-secret-of-the-pretend-provider' };

export class PretendProvider {
  /** Who logs in next; undefined: says no. */
  account: string | undefined = 'account-1';
  private provider!: ProviderLike;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PretendProvider> {
    const started = new PretendProvider(createServer());
    const { server } = started;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** @param redirect where the console says that it comes back to */
  serve(redirect: string): void {
    this.provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: pretendClient.id,
          client_secret: pretendClient.secret,
          redirect_uris: [redirect],
        },
      ],
      cookies: { keys: ['a key of the pretend provider'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    });
    const answer = this.provider.callback();
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.url?.startsWith('/interaction/')) void this.decide(request, response);
      else answer(request, response);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session } = await this.provider.interactionDetails(request, response);
    let result: object = { error: 'access_denied' };
    if (this.account !== undefined && prompt.name === 'login') {
      result = { login: { accountId: this.account } };
    } else if (this.account !== undefined) {
      const { Grant } = this.provider;
      const grant = new Grant({ accountId: session?.accountId, clientId: params.client_id });
      grant.addOIDCScope('openid');
      result = { consent: { grantId: await grant.save() } };
    }
    await this.provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
  }
}

/** A browser's walk through the provider, with its cookies there. @returns the address it ends at */
export async function walkThrough(start: string, until: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let step = 0; step < 10 && !url.href.startsWith(until); step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    await response.body?.cancel();
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    url = new URL(response.headers.get('location') ?? '', url);
  }
  return url;
}
