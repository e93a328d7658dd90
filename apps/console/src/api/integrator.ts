/** Calls about one integrator. */
import type {
  ApiKeys,
  AskAccessRequest,
  AskedState,
  CreateClientRequest,
  CreateKeyRequest,
  Declaration,
  Deliveries,
  IntegratorHome,
  MadeKey,
  OauthClients,
  PairedSite,
  Profile,
  RotateKeyRequest,
  UsageReport,
  Webhook,
  WebhookChoices,
  Webhooks,
} from '#libs/console-api/integrator.js';
import type { StepUp } from '#libs/console-api/session.js';
import type { Statements, SubmitStatementRequest } from '#libs/console-api/statement.js';
import { request } from './request.js';

export interface SandboxQuestion {
  integratorId: string;
  siteId: string;
  key: string;
  command: { text: string; parameters: { name: string; type: string; value: string }[] };
}
export type Row = Record<string, unknown>;
interface ImmediateAnswer {
  /** base64 of JSON. */
  result?: { data?: string };
}

const id = encodeURIComponent;
const at = (integratorId: string, path = ''): string => `/integrators/${id(integratorId)}${path}`;
const hook = (integratorId: string, webhookId: string, path = ''): string =>
  at(integratorId, `/webhooks/${id(webhookId)}${path}`);

export const readHome = (integratorId: string) => request<IntegratorHome>('GET', at(integratorId));
export const readProfile = (integratorId: string) =>
  request<Profile>('GET', at(integratorId, '/profile'));
export const declareProfile = (integratorId: string, declaration: Declaration) =>
  request<Profile>('PUT', at(integratorId, '/profile'), declaration);
export const readSites = (integratorId: string) =>
  request<PairedSite[]>('GET', at(integratorId, '/sites'));
export const askAccess = (integratorId: string, siteId: string, more: AskAccessRequest) =>
  request<AskedState>('POST', at(integratorId, `/sites/${id(siteId)}/access`), more);
export const readUsage = (integratorId: string, days: number) =>
  request<UsageReport>('GET', at(integratorId, `/usage?days=${days}`));

export const readKeys = (integratorId: string) =>
  request<ApiKeys>('GET', at(integratorId, '/keys'));
export const createKey = (integratorId: string, wanted: CreateKeyRequest) =>
  request<MadeKey>('POST', at(integratorId, '/keys'), wanted);
export const rotateKey = (integratorId: string, keyId: string, wanted: RotateKeyRequest) =>
  request<MadeKey>('POST', at(integratorId, `/keys/${id(keyId)}/rotate`), wanted);
export const revokeKey = (integratorId: string, keyId: string, stepUp: StepUp) =>
  request<void>('DELETE', at(integratorId, `/keys/${id(keyId)}`), { stepUp });

export const readClients = (integratorId: string) =>
  request<OauthClients>('GET', at(integratorId, '/oauth-clients'));
export const createClient = (integratorId: string, wanted: CreateClientRequest) =>
  request<{ clientId: string }>('POST', at(integratorId, '/oauth-clients'), wanted);
export const revokeClient = (integratorId: string, clientId: string, stepUp: StepUp) =>
  request<void>('DELETE', at(integratorId, `/oauth-clients/${id(clientId)}`), { stepUp });

export const readWebhooks = (integratorId: string) =>
  request<Webhooks>('GET', at(integratorId, '/webhooks'));
export const createWebhook = (integratorId: string, wanted: WebhookChoices) =>
  request<Webhook>('POST', at(integratorId, '/webhooks'), wanted);
export const changeWebhook = (integratorId: string, webhookId: string, wanted: WebhookChoices) =>
  request<Webhook>('PATCH', hook(integratorId, webhookId), wanted);
export const deleteWebhook = (integratorId: string, webhookId: string) =>
  request<void>('DELETE', hook(integratorId, webhookId));
export const renewWebhookSecret = (
  integratorId: string,
  webhookId: string,
  overlapSeconds: number,
) => request<Webhook>('POST', hook(integratorId, webhookId, '/secret'), { overlapSeconds });
export const testWebhook = (integratorId: string, webhookId: string) =>
  request<{ deliveryId: string }>('POST', hook(integratorId, webhookId, '/test'), {});
/** @param after `next` of the page before */
export const readDeliveries = (integratorId: string, webhookId: string, after?: string) =>
  request<Deliveries>(
    'GET',
    hook(integratorId, webhookId, `/deliveries?limit=25${after ? `&after=${id(after)}` : ''}`),
  );
export const redeliver = (integratorId: string, webhookId: string, deliveryId: string) =>
  request<{ deliveryId: string }>(
    'POST',
    hook(integratorId, webhookId, `/deliveries/${id(deliveryId)}/redeliver`),
    {},
  );

export const readStatements = (integratorId: string) =>
  request<Statements>('GET', at(integratorId, '/statements'));
export const submitStatement = (integratorId: string, wanted: SubmitStatementRequest) =>
  request<{ statementId: string }>('POST', at(integratorId, '/statements'), wanted);
export const askStatement = (integratorId: string, statementId: string, siteId: string) =>
  request<void>('POST', at(integratorId, `/statements/${id(statementId)}/ask`), { siteId });
export const withdrawStatement = (integratorId: string, statementId: string) =>
  request<void>('DELETE', at(integratorId, `/statements/${id(statementId)}`));

/** Rows of the first result set. The key goes with this one call and stays nowhere. */
export async function askSandbox(
  { integratorId, siteId, key, command }: SandboxQuestion,
  signal: AbortSignal,
): Promise<Row[]> {
  const path = at(integratorId, `/sites/${id(siteId)}/sandbox-queries`);
  const headers = { 'ocp-apim-subscription-key': key };
  const asked = request<ImmediateAnswer>('POST', path, { command }, signal, headers);
  const answer = await asked.catch((error: unknown) => {
    // An answer that was cut off by leaving is no fault of anybody.
    signal.throwIfAborted();
    throw error;
  });
  const bytes = Uint8Array.from(atob(answer.result?.data ?? ''), (one) => one.charCodeAt(0));
  const rows: unknown = JSON.parse(new TextDecoder().decode(bytes) || '[]');
  return Array.isArray(rows) ? (rows as Row[]) : [];
}
