/** What the tests of a practice's pages do again and again, as people do it. */
import { agentCommand } from '#deploy/dev/agent-command.js';
import type { Visit } from '#test/console/browser.fixture.js';
import type { TestConduit } from '#test/support/start-conduit.js';

/** A cold query over every triple of patients: minutes of work, stopped from outside. */
export const LONG_READ =
  'SELECT a.INTERNALID AS a, b.INTERNALID AS b FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c';

/** On the practice's server, somebody types the six words that the page shows. */
export async function admitOnServer(conduit: TestConduit, words: string): Promise<void> {
  const { agentFolder } = conduit.conduit;
  await agentCommand(agentFolder, ['approvers', 'add', '--words', words]);
}

/** The owner's own passkey, from the page to the server and back. */
export async function admitOwnPasskey(conduit: TestConduit, { page }: Visit): Promise<void> {
  await page.getByRole('link', { name: 'Approvers' }).click();
  const words = await page.getByTestId('six-words').first().textContent();
  await admitOnServer(conduit, words ?? '');
  // What was to be admitted goes once the server says that it has it.
  await page.getByText(words ?? '').waitFor({ state: 'detached' });
  await page.getByText('Admitted on the server of').first().waitFor();
}

/** The page of requests, the request of this integrator, everything as it is proposed. */
export async function openRequest({ page }: Visit, integratorName: string): Promise<void> {
  await page.getByRole('link', { name: 'Requests', exact: true }).click();
  await page.getByRole('link', { name: `Look and decide: ${integratorName}` }).click();
  await page.getByRole('heading', { name: /asks for (access|more)$/ }).waitFor();
}

export async function approveWithPasskey({ page }: Visit): Promise<void> {
  await page.getByRole('button', { name: 'Read and approve' }).click();
  await page.getByRole('button', { name: 'Approve with passkey' }).click();
}
