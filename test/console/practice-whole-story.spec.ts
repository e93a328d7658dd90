/**
 * A practice from its first invitation to the end of a permission, in one go: a person at a browser,
 * somebody at the practice's server, and an integrator with nothing but the API.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { redeem, registerIntegrator, type DemoIntegrator } from '#deploy/dev/demo.js';
import { ConsoleBrowser, describeInBrowser } from '#test/console/browser.fixture.js';
import {
  admitOwnPasskey,
  approveWithPasskey,
  LONG_READ,
  openRequest,
} from '#test/console/practice-story.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const NAME = 'Zz Recalls Pty Ltd';
const read = { text: 'SELECT COUNT(*) AS n FROM dbo.Patient' };

describeInBrowser('the whole story of a practice', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let integrator: DemoIntegrator;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none' });
    browser = await ConsoleBrowser.open(conduit);
    integrator = await registerIntegrator(conduit.conduit, NAME);
  });

  afterAll(async () => {
    await browser?.close();
    await conduit?.stop();
  });

  const asks = async () => {
    const key = integrator.subscriptionKey;
    const headers = { accept: 'application/problem+json' };
    const { status, body } = await conduit.query(read, {}, '', { key, headers });
    return [status, (body as { code?: string }).code];
  };

  test('invitation, passkey, admission, pairing, approval, a query, the end, and the query stops', () =>
    browser.during(async (visit) => {
      const { page } = visit;
      const owner = { role: 'practice-owner', practiceId: conduit.practiceId } as const;
      await visit.acceptInvitation(await browser.invite(owner), 'Zz Olive Owner');
      await page.getByText('One step is left before you can approve software').waitFor();
      await admitOwnPasskey(conduit, visit);

      await page.getByRole('link', { name: 'Connect software' }).click();
      await page.getByRole('button', { name: 'Make a pairing code' }).click();
      const code = (await page.getByTestId('pairing-code').textContent()) ?? '';
      expect(await asks()).toEqual([404, 'SITE_NOT_FOUND']);
      await redeem(conduit.conduit, integrator.subscriptionKey, code);
      expect(await asks()).toEqual([403, 'GRANT_PENDING']);

      await openRequest(visit, NAME);
      await approveWithPasskey(visit);
      await page.getByText('In force at the practice’s server since').waitFor();
      expect(await asks()).toEqual([200, undefined]);

      const running = await conduit.open('POST', `${conduit.queriesPath}/immediate`, {
        key: integrator.subscriptionKey,
        headers: { accept: 'application/x-ndjson' },
        body: { command: { text: LONG_READ } },
      });
      expect(running.statusCode).toBe(200);
      const ended = running.body.text().then(
        (text) => text.trimEnd().split('\n').at(-1) ?? '',
        (error: Error) => error.message,
      );
      await page.getByRole('button', { name: 'End access' }).click();
      await page.getByRole('button', { name: 'End access now' }).click();
      await page.getByText('The practice’s server confirmed').waitFor();
      // The stream broke off, or says in its last line that it did: it never says that it is whole.
      expect(await ended).not.toContain('sha256');
      expect(await asks()).toEqual([403, 'GRANT_REVOKED']);
    }));
});
