/**
 * A practice and an integrator get to know each other, through the same doors as everybody: the
 * operator's routes, the agent's command line, the public API. No shortcut into a database.
 */
import { StartError } from '#deploy/dev/child-program.js';
import { agentCommand } from '#deploy/dev/agent-command.js';
import { HttpsJson } from '#deploy/dev/https-json.js';
import type { LocalConduit } from '#deploy/dev/local-conduit.js';

export interface Registered {
  practiceId: string;
  siteId: string;
  enrolmentCode: string;
}

const pmsSiteId = '90001';

/** The operator registers a practice and makes the one-time code for its agent. */
export async function registerPractice(conduit: LocalConduit, name: string): Promise<Registered> {
  const operator = operatorOf(conduit);
  const { practiceId } = await operator.expect<{ practiceId: string }>(
    'POST',
    '/operator/practices',
    {
      name,
    },
  );
  const made = await operator.expect<{ code: string; sites: { siteId: string }[] }>(
    'POST',
    `/operator/practices/${practiceId}/enrolment-codes`,
    { sites: [{ name, pmsType: 'BestPractice', pmsSiteId, isSandbox: true }] },
  );
  await operator.close();
  const siteId = made.sites[0]?.siteId ?? '';
  return { practiceId, siteId, enrolmentCode: made.code };
}

/** The technician enrols the agent with that code. */
export async function enrolAgent(conduit: LocalConduit, enrolmentCode: string): Promise<void> {
  await agentCommand(conduit.agentFolder, ['enrol', enrolmentCode, '--broker', conduit.apiOrigin]);
}

export interface DemoIntegrator {
  integratorId: string;
  subscriptionKey: string;
}

/** The operator registers an integrator and hands it a key. */
export async function registerIntegrator(
  conduit: LocalConduit,
  name: string,
): Promise<DemoIntegrator> {
  const operator = operatorOf(conduit);
  const { integratorId } = await operator.expect<{ integratorId: string }>(
    'POST',
    '/operator/integrators',
    {
      name,
      contactEmail: 'integrator@example.com',
      purposes: ['HOPERAT', 'PATADMIN'],
      countries: ['AU'],
    },
  );
  const issued = await operator.expect<{ key: string }>(
    'POST',
    `/operator/integrators/${integratorId}/keys`,
    { name: 'first key' },
  );
  await operator.close();
  return { integratorId, subscriptionKey: issued.key };
}

/** Links that make the demo people: each opens the console once, for whoever follows it first. */
export interface DemoInvitations {
  practiceOwner: string;
  integratorAdmin: string;
  operatorSecurity: string;
}

/** The operator invites the first people. A link serves for 72 hours, so each start makes new ones. */
export async function inviteDemoPeople(
  conduit: LocalConduit,
  places: { practiceId: string; integratorId: string },
): Promise<DemoInvitations> {
  const operator = operatorOf(conduit);
  const invite = async (order: object): Promise<string> => {
    const path = '/operator/invitations';
    const { link } = await operator.expect<{ link: string }>('POST', path, order);
    return link;
  };
  const { practiceId, integratorId } = places;
  const invited = {
    practiceOwner: await invite({ role: 'practice-owner', practiceId }),
    integratorAdmin: await invite({ role: 'integrator-admin', integratorId }),
    operatorSecurity: await invite({ role: 'operator-security' }),
  };
  await operator.close();
  return invited;
}

/** The practice makes a pairing code on its server; the integrator redeems it by API. */
export async function pair(conduit: LocalConduit, subscriptionKey: string): Promise<string> {
  const { code } = await agentCommand<{ code: string }>(conduit.agentFolder, ['pair-code']);
  await redeem(conduit, subscriptionKey, code);
  return code;
}

/** The integrator uses a pairing code, by whoever it was made. */
export async function redeem(
  conduit: LocalConduit,
  subscriptionKey: string,
  code: string,
): Promise<void> {
  const integrator = integratorOf(conduit, subscriptionKey);
  await integrator.expect('POST', '/integrator/pair-site', {
    practiceManagementSiteId: pmsSiteId,
    practiceManagementName: 'Best Practice',
    pairingCode: code,
  });
  await integrator.close();
}

/** What the demo grant allows: any read, and the booking procedures; no raw SQL writes. */
export const demoScopes = [
  'sql:read',
  'procedure:dbo.GetFreeSlots',
  'procedure:dbo.BookAppointment',
  'procedure:dbo.CancelAppointment',
  'procedure:dbo.ArriveAppointment',
  'procedure:dbo.UpdateContact',
  'procedure:dbo.AddPatient',
];

/** The practice looks at the open request and approves it on its server. */
export async function approve(
  conduit: LocalConduit,
  integratorId: string,
  choices: string[] = [],
): Promise<{ grantId: string }> {
  const { requests } = await agentCommand<{
    requests: { accessRequestId: string; integratorId: string }[];
  }>(conduit.agentFolder, ['requests']);
  const request = requests.find((candidate) => candidate.integratorId === integratorId);
  if (!request) throw new StartError('The access request did not reach the practice.');
  const catalogues = conduit.pms?.catalogues.map(({ name }) => name) ?? [];
  return agentCommand(conduit.agentFolder, [
    ...['approve', request.accessRequestId, '--yes'],
    ...(choices.includes('--scopes') ? [] : ['--scopes', demoScopes.join(',')]),
    ...['--catalogues', catalogues.join(','), '--purposes', 'HOPERAT,PATADMIN'],
    ...choices,
  ]);
}

export function operatorOf(conduit: LocalConduit): HttpsJson {
  return new HttpsJson(conduit.apiOrigin, conduit.caFile, {
    authorization: `Bearer ${conduit.operatorToken}`,
  });
}

export function integratorOf(conduit: LocalConduit, subscriptionKey: string): HttpsJson {
  return new HttpsJson(conduit.apiOrigin, conduit.caFile, {
    'ocp-apim-subscription-key': subscriptionKey,
  });
}
