/** The second way in, through the pages: an account of another provider is linked, and lets its person in. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleBrowser, describeInBrowser } from '#test/console/browser.fixture.js';
import { pretendClient, PretendProvider } from '#test/console/pretend-provider.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

describeInBrowser('a work account', () => {
  let provider: PretendProvider;
  let conduit: TestConduit;
  let browser: ConsoleBrowser;

  beforeAll(async () => {
    provider = await PretendProvider.start();
    conduit = await startConduit({
      approval: 'none',
      brokerEnv: {
        CONDUIT_OIDC_ISSUER: provider.issuer,
        CONDUIT_OIDC_CLIENT_ID: pretendClient.id,
        CONDUIT_OIDC_CLIENT_SECRET: pretendClient.secret,
        CONDUIT_OIDC_LABEL: 'Sign in with Zz Accounts',
      },
    });
    browser = await ConsoleBrowser.open(conduit);
  });

  afterAll(async () => {
    await browser?.close();
    await conduit?.stop();
    await provider?.stop();
  });

  test('is linked with the passkey, lets in who has it, and nobody else', async () => {
    const link = await browser.invite({ role: 'practice-owner', practiceId: conduit.practiceId });
    const visit = await browser.visit();
    const { page, context } = visit;
    const console = conduit.conduit.consoleOrigin;
    provider.serve(`${console}/console/api/oidc/callback`);
    const { pathname, hash } = new URL(link);
    await visit.acceptInvitation(`${console}${pathname}${hash}`, 'Zz Olive Owner');
    await page.getByRole('link', { name: 'Your passkeys' }).click();
    await page.getByRole('button', { name: 'Link an account' }).click();
    await page.getByRole('button', { name: 'Link account', exact: true }).click();
    await page.getByText('An account is linked.').waitFor();
    await visit.screenshot('work-account');
    expect(await visit.audit()).toEqual([]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out').waitFor();
    const other = page.getByRole('link', { name: 'Sign in with Zz Accounts' });
    await visit.screenshot('sign-in-work-account');
    expect(await visit.audit()).toEqual([]);
    await other.click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out').waitFor();
    // Somebody else, with the provider's own memory of the first one gone.
    await context.clearCookies();
    provider.account = 'account-2';
    await other.click();
    await page.getByText('Nobody here has that work account').waitFor();
    provider.account = undefined;
    await context.clearCookies();
    await other.click();
    await page.getByText('Your work account did not let you in').waitFor();
    expect(visit.complaints).toEqual([]);
    await context.close();
  });
});
