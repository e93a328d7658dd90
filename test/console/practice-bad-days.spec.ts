/**
 * What goes wrong at a practice: its server is off when something is approved or ended, two people
 * decide at once, a limit of the server stands in the way. Each has a clear page and loses nothing.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import {
  admitOwnPasskey,
  approveWithPasskey,
  openRequest,
} from '#test/console/practice-story.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

/** The one that the conduit of a test has paired. */
const NAME = 'Test Integrator';
const SIX_MINUTES_MS = 360_000;
/** Into the last of three months. */
const TWO_MONTHS_MS = 65 * 86_400_000;

describeInBrowser('bad days of a practice', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let first: Visit;
  let second: Visit;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none', ceiling: { maxDays: 200 } });
    browser = await ConsoleBrowser.open(conduit);
    const owner = { role: 'practice-owner', practiceId: conduit.practiceId } as const;
    first = await browser.newcomer('Zz Olive Owner', owner);
    second = await browser.newcomer('Zz Oscar Owner', owner);
  });

  afterAll(async () => {
    await first?.close();
    await second?.close();
    await browser?.close();
    await conduit?.stop();
  });

  const asks = async () => {
    const { status, body } = await conduit.query({ text: 'SELECT 1 AS n' }, {}, '', {
      headers: { accept: 'application/problem+json' },
    });
    return [status, (body as { code?: string }).code];
  };
  const seen = (visit: Visit, text: string) => visit.page.getByText(text).first().waitFor();

  test('a passkey that the server does not know cannot approve, and the page says what to do', async () => {
    await openRequest(first, NAME);
    await first.page.getByRole('button', { name: 'Read and approve' }).click();
    await seen(first, 'Your passkey can’t approve yet');
    expect(await first.audit()).toEqual([]);
    await admitOwnPasskey(conduit, first);
  });

  test('an approval while the server is off waits, says so, and is in force once it is back', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    await openRequest(first, NAME);
    await approveWithPasskey(first);
    await seen(first, 'Signed, waiting for the practice’s server');
    expect(await asks()).toEqual([403, 'GRANT_PENDING']);
    await first.screenshot('practice-permission-waiting');
    expect(await first.audit()).toEqual([]);
    await conduit.conduit.startAgent();
    await seen(first, 'In force at the practice’s server since');
    await conduit.untilAvailability('online');
    expect(await asks()).toEqual([200, undefined]);
  });

  test('of two who change a permission at once the second is told, and nothing of theirs applies', async () => {
    const { pathname } = new URL(first.page.url());
    await second.page.goto(pathname);
    await admitOwnPasskey(conduit, second);
    await second.page.goto(pathname);
    for (const { page } of [first, second]) {
      await page.getByRole('button', { name: 'Renew for a year' }).waitFor();
      await page.getByRole('button', { name: 'Change', exact: true }).click();
      await page.getByRole('button', { name: /New end/ }).click();
      await page.getByRole('option', { name: '3 months from now' }).click();
      await page.getByRole('button', { name: 'Read and sign' }).click();
      await page.getByRole('button', { name: 'Sign the change' }).waitFor();
    }
    // What is given up and what comes in its place is marked.
    await seen(first, 'No longer');
    await first.screenshot('practice-change');
    await first.page.getByRole('button', { name: 'Sign the change' }).click();
    await first.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await second.page.getByRole('button', { name: 'Sign the change' }).click();
    await seen(second, 'Somebody else decided in the meantime');
    await second.screenshot('practice-conflict');
    expect(await second.audit()).toEqual([]);
    await second.page.getByRole('button', { name: 'Back' }).click();
    expect(await asks()).toEqual([200, undefined]);
  });

  test('a permission that ends within a month says so, and leads to renewing it', async () => {
    const { page } = second;
    await page.clock.setFixedTime(Date.now() + TWO_MONTHS_MS);
    await page.reload();
    await seen(second, 'It ends soon');
    await page.getByRole('link', { name: 'Overview' }).click();
    await seen(second, `${NAME}’s access ends soon`);
    await page.getByRole('link', { name: 'Renew or let it end' }).click();
    await page.getByRole('button', { name: 'Renew for a year' }).waitFor();
  });

  test('a limit of the server says which line of which file', async () => {
    const { page } = first;
    await page.getByRole('button', { name: 'Renew for a year' }).click();
    await seen(first, 'A limit of the practice’s server');
    await seen(first, 'ceiling.json');
    await first.screenshot('practice-ceiling');
    expect(await first.audit()).toEqual([]);
  });

  test('the end while the server is off counts at once, and turns into an alarm', async () => {
    await conduit.conduit.agent?.stop();
    await conduit.untilAvailability('offline');
    const { page } = first;
    await page.getByRole('button', { name: 'End access' }).click();
    await page.getByRole('button', { name: 'End access now' }).click();
    await seen(first, 'Ended here, waiting for the practice’s server');
    expect(await asks()).toEqual([403, 'GRANT_REVOKED']);
    await page.clock.setFixedTime(Date.now() + SIX_MINUTES_MS);
    await page.reload();
    await seen(first, 'The practice’s server has not confirmed the end yet');
    await seen(first, 'conduit-agent pause');
    await first.screenshot('practice-end-alarm');
    await page.getByRole('link', { name: 'Overview' }).click();
    await seen(first, `The server has not confirmed the end of ${NAME}’s access`);
    expect(await first.audit()).toEqual([]);
    await conduit.conduit.startAgent();
    await seen(first, 'Nothing is connected yet');
  });
});
