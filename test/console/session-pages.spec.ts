/** The pages where people come in, in a real browser with a real (virtual) passkey. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { addAuthenticator } from '#test/console/authenticator.fixture.js';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import { catalogue } from '#libs/errors/catalogue.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

describeInBrowser('the pages where people come in', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  const owner = () => ({ role: 'practice-owner', practiceId: conduit.practiceId }) as const;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none' });
    browser = await ConsoleBrowser.open(conduit);
  });

  afterAll(async () => {
    await browser?.close();
    await conduit?.stop();
  });

  const visiting: ConsoleBrowser['during'] = (body, wishes) => browser.during(body, wishes);

  test('an invitation leads to a passkey, a session, and out again', () =>
    visiting(async (visit) => {
      const { page, context } = visit;
      const link = await browser.invite(owner());
      await page.goto(link);
      await page.getByRole('heading', { name: 'You are invited' }).waitFor();
      // The code has left the address bar and the history.
      expect(page.url()).not.toContain(new URL(link).hash.slice(1));
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('invitation');
      await visit.acceptInvitation(link, 'Zz Olive Owner');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      expect(await page.getByText('Zz Test Clinic').first().isVisible()).toBe(true);
      expect(await visit.authenticator?.count()).toBe(1);
      const before = await context.cookies();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out').waitFor();
      // What the browser held before opens nothing any more.
      await context.addCookies(before);
      await page.goto('/console/account/passkeys');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('sign-in');
      await visit.signIn();
      // And on to the page that was asked for.
      await page.getByRole('heading', { name: 'Your passkeys' }).waitFor();
    }));

  test('an invitation works once', () =>
    visiting(async (visit) => {
      const link = await browser.invite(owner());
      await visit.acceptInvitation(link, 'Zz Olive Owner');
      await visiting(async (second) => {
        await second.page.goto(link);
        await second.page.getByRole('heading', { name: 'This invitation can’t be used' }).waitFor();
        await second.page.getByText('The invitation was used before.').waitFor();
        expect(await second.audit()).toEqual([]);
        await second.screenshot('invitation-used');
      });
      // Whoever opens it again while signed in loses neither the session nor the way on.
      await visit.page.goto(link);
      await visit.page.getByText('The invitation was used before.').waitFor();
      await visit.page.getByRole('link', { name: 'Go to your pages' }).click();
      await visit.page.getByRole('heading', { name: 'Overview' }).waitFor();
    }));

  test('an invitation that somebody else used while its page was open makes no passkey', () =>
    visiting(async (visit) => {
      const link = await browser.invite(owner());
      await visit.page.goto(link);
      await visit.page.getByLabel('Your name').fill('Zz Late');
      await visiting((first) => first.acceptInvitation(link, 'Zz Early'));
      await visit.page.getByRole('button', { name: 'Make a passkey and join' }).click();
      await visit.page.getByText('The invitation was used before.').waitFor();
      expect(await visit.authenticator?.count()).toBe(0);
    }));

  test('an invitation whose time ran out says so, before and after it was opened', () =>
    visiting(async ({ page, authenticator }) => {
      const link = await browser.invite(owner());
      await page.goto(link);
      await page.getByLabel('Your name').fill('Zz Late');
      // What the broker answers three days later.
      await page.route('**/console/api/invitations/open', (route) => {
        const { status, title, remedy } = catalogue.INVITATION_EXPIRED;
        const body = { status, title, remedy, code: 'INVITATION_EXPIRED' };
        return route.fulfill({ status, json: body, contentType: 'application/problem+json' });
      });
      const shown = page.getByText('The invitation has expired.');
      await page.getByRole('button', { name: 'Make a passkey and join' }).click();
      await shown.waitFor();
      expect(await authenticator?.count()).toBe(0);
      await page.goto(link);
      await page.reload();
      await shown.waitFor();
      await page.getByText('Ask for a new invitation.').waitFor();
      expect(await page.getByRole('link', { name: 'Go to sign in' }).isVisible()).toBe(true);
    }));

  test.each([
    ['that is cut short', '/console/invitation#abc'],
    ['that nobody made', `/console/invitation#${'A'.repeat(59)}`],
  ])('an invitation %s says so', (_what, path) =>
    visiting(async ({ page }) => {
      await page.goto(path);
      await page.getByRole('heading', { name: 'This invitation can’t be used' }).waitFor();
      expect(await page.getByRole('link', { name: 'Go to sign in' }).isVisible()).toBe(true);
    }),
  );

  test('a link without a code says that it is not whole', () =>
    visiting(async ({ page }) => {
      await page.goto('/console/invitation');
      await page.getByRole('heading', { name: 'The link is not whole' }).waitFor();
    }));

  test('a browser without passkeys is told what to do, and the invitation stays good', async () => {
    const link = await browser.invite(owner());
    await visiting(
      async (visit) => {
        await visit.page.goto(link);
        await visit.page.getByText('This browser has no passkeys').waitFor();
        expect(await visit.audit()).toEqual([]);
        await visit.screenshot('no-passkeys');
        await visit.page.goto('/console/sign-in');
        await visit.page.getByText('This browser has no passkeys').waitFor();
      },
      { hasPasskeys: false },
    );
    await visiting((visit) => visit.acceptInvitation(link, 'Zz Olive Owner'));
  });

  test('who refuses the fingerprint loses nothing and tries again', () =>
    visiting(async (visit) => {
      const { page } = visit;
      await page.goto(await browser.invite(owner()));
      await page.getByLabel('Your name').fill('Zz Awkward <b>“O’Name”</b> & Söhne');
      await visit.authenticator?.setVerified(false);
      await page.getByRole('button', { name: 'Make a passkey and join' }).click();
      await page.getByRole('alert').getByText('The passkey was not used.').waitFor();
      await visit.authenticator?.setVerified(true);
      await page.getByRole('button', { name: 'Make a passkey and join' }).click();
      await page.getByText('Zz Awkward <b>“O’Name”</b> & Söhne').waitFor();
    }));

  test('a session that ends under a page leaves the page as it is', () =>
    visiting(async (visit) => {
      const { page, context } = visit;
      await visit.acceptInvitation(await browser.invite(owner()), 'Zz Olive Owner');
      await page.getByRole('link', { name: 'Your passkeys' }).click();
      await page.getByRole('button', { name: 'Add a passkey' }).click();
      await page.getByLabel('Name').fill('Front desk');
      await context.clearCookies();
      await page.getByRole('button', { name: 'Add passkey' }).click();
      await page.getByRole('alertdialog', { name: 'Your session has ended' }).waitFor();
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('session-ended');
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
      await page
        .getByRole('alertdialog', { name: 'Your session has ended' })
        .waitFor({ state: 'hidden' });
      expect(await page.getByLabel('Name').inputValue()).toBe('Front desk');
    }));

  test('a second passkey is vouched for by the first, and the first can then go', () =>
    visiting(async (visit) => {
      const { page } = visit;
      await visit.acceptInvitation(await browser.invite(owner()), 'Zz Olive Owner');
      await page.getByRole('link', { name: 'Your passkeys' }).click();
      await page.getByText('You have only one passkey').waitFor();
      expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
      await page.getByRole('button', { name: 'Add a passkey' }).click();
      await page.getByLabel('Name').fill('Phone “Zz”');
      // The computer vouches; then, for the new one, somebody touches the key beside it instead.
      await page.route('**/console/api/passkeys/options', async (route) => {
        await visit.authenticator?.setPresent(false);
        await addAuthenticator(page, 'usb');
        await route.continue();
      });
      await page.getByRole('button', { name: 'Add passkey' }).click();
      await page.getByRole('cell', { name: 'Phone “Zz”', exact: true }).waitFor();
      await visit.authenticator?.setPresent(true);
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('passkeys');
      await page.getByRole('button', { name: 'Remove First passkey' }).click();
      await page.getByRole('alertdialog', { name: 'Remove “First passkey”?' }).waitFor();
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('step-up');
      await page.getByRole('button', { name: 'Remove passkey' }).click();
      await page.getByText('You have only one passkey').waitFor();
      expect(await page.getByRole('cell', { name: 'Phone “Zz”', exact: true }).isVisible()).toBe(
        true,
      );
    }));

  test('all of it works with the keyboard alone', () =>
    visiting(async ({ page }) => {
      await page.goto(await browser.invite(owner()));
      // The name has the focus already.
      await page.getByLabel('Your name').waitFor();
      await page.keyboard.type('Zz Keyboard');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await pressUntil(page, 'Skip to the page');
      await page.keyboard.press('Enter');
      expect(await focused(page)).toContain('Overview');
      await pressUntil(page, 'Your passkeys', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Your passkeys' }).waitFor();
      await pressUntil(page, 'Sign out', 'Shift+Tab');
      await page.keyboard.press('Space');
      await page.getByText('You are signed out').waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
    }));

  test('an address that leads nowhere says so', () =>
    visiting(async (visit) => {
      await visit.acceptInvitation(await browser.invite(owner()), 'Zz Olive Owner');
      for (const path of ['/console/nowhere', '/console/practices/other', '/console/operator']) {
        await visit.page.goto(path);
        await visit.page.getByRole('heading', { name: 'Page not found' }).waitFor();
      }
      expect(await visit.audit()).toEqual([]);
      await visit.screenshot('page-not-found');
    }));
});

const focused = (page: Visit['page']): Promise<string> =>
  page.evaluate('document.activeElement?.innerText ?? ""');

/** As somebody does who cannot see where the focus is going. */
async function pressUntil(page: Visit['page'], text: string, key = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(page)).trim() === text) return;
    await page.keyboard.press(key);
  }
  throw new Error('the keyboard does not reach it');
}
