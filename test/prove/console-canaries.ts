/** Planted words in what people ask from the console: queries at the sandbox, under the integrator's key. */
import { personAt } from '#test/console/person-at.fixture.js';
import type { Canaries } from '#test/prove/canaries.js';
import type { TestConduit } from '#test/support/start-conduit.js';

export async function sendFromConsole(conduit: TestConduit, canaries: Canaries): Promise<void> {
  const { integratorId, subscriptionKey } = conduit.integrator;
  const admin = await personAt(conduit, { role: 'integrator-admin', integratorId });
  const path = `/integrators/${integratorId}/sites/${conduit.siteId}/sandbox-queries`;
  const texts: [string, string][] = [
    ['query of the console', `SELECT '${canaries.mark('Person')}' AS v`],
    ['failing query of the console', `RAISERROR('${canaries.mark('Person')}', 16, 1)`],
  ];
  for (const [what, text] of texts) {
    const key = { 'ocp-apim-subscription-key': subscriptionKey };
    const response = await admin.call('POST', path, { command: { text } }, key);
    const headers = Object.fromEntries(response.headers);
    canaries.take(what, { status: response.status, headers, body: await response.json() });
  }
}
