/**
 * A statement from its author to a practice's server, as people do it: submitted, asked for, read,
 * ticked, signed, run. And what the browser does when the broker shows one text and means another.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Request, Route } from 'playwright-core';
import type { AccessRequest, DraftedPermission } from '#libs/console-api/practice.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import type { Grant } from '#libs/grants/grant.js';
import { grantDigest } from '#libs/grants/sign-grant.js';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import {
  admitOwnPasskey,
  approveWithPasskey,
  openRequest,
} from '#test/console/practice-story.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const NAME = 'Zz Names from <b>an id</b> on';
const TEXT = `SELECT TOP (2) INTERNALID, SURNAME
FROM dbo.Patient
WHERE INTERNALID >= @from`;
const FROM = [{ name: '@from', type: 'Int', value: '0' }];

const pathOf = (asked: Request): string => new URL(asked.url()).pathname;

describeInBrowser('the pages of statements', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let author: Visit;
  let owner: Visit;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none' });
    browser = await ConsoleBrowser.open(conduit);
    const { integratorId } = conduit.integrator;
    author = await browser.newcomer('Zz Ada Admin', { role: 'integrator-admin', integratorId });
    const { practiceId } = conduit;
    owner = await browser.newcomer('Zz Olive Owner', { role: 'practice-owner', practiceId });
    await admitOwnPasskey(conduit, owner);
  });

  afterAll(async () => {
    await author?.close();
    await owner?.close();
    await browser?.close();
    await conduit?.stop();
  });

  const look = async (visit: Visit, picture: string) => {
    await visit.screenshot(picture);
    expect(await visit.audit()).toEqual([]);
  };
  const box = () => owner.page.getByRole('checkbox', { name: `Run “${NAME}”` });
  const tick = () => owner.page.getByText(`Run “${NAME}”`).click();
  /** What the broker answers, before the test forges it. */
  const honest = async <T>(route: Route): Promise<T> => {
    const asked = route.request();
    const { cookie = '', origin = '' } = await asked.allHeaders();
    const raw = asked.postData();
    const { body } = await conduit.call(asked.method() as 'GET' | 'POST', pathOf(asked), {
      key: '',
      headers: { cookie, accept: 'application/json', ...(origin !== '' && { origin }) },
      ...(raw !== null && { raw }),
    });
    return body as T;
  };
  const run = (text: string) =>
    conduit.query({ text, parameters: FROM }, {}, '', {
      headers: { accept: 'application/problem+json, application/json' },
    });

  test('its author is told by the place what can’t be kept, then submits it', async () => {
    const { page } = author;
    await page.getByRole('link', { name: 'Statements', exact: true }).click();
    await page.getByText('No statement yet').waitFor();
    await look(author, 'integrator-statements-first');
    await page.getByRole('button', { name: 'Submit a statement' }).first().click();
    await page.getByLabel('Name').fill(NAME);
    await page.getByLabel('What it is for').fill('The list of whom to remind.');
    await page.getByLabel('Text').fill(`${TEXT} AND SURNAME <> 'Zz'`);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByText('line 3, column 42: a text in quotes').waitFor();
    await look(author, 'integrator-statement-form');
    await page.getByLabel('Text').fill(TEXT);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByText('The statement was submitted').waitFor();
    expect(await page.getByRole('region', { name: `Text of ${NAME}` }).textContent()).toBe(TEXT);
    await look(author, 'integrator-statements');
  });

  test('an administrator asks a site for it', async () => {
    const { page } = author;
    await page.getByRole('button', { name: `Ask a site for ${NAME}` }).click();
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByText('Waiting for the practice').waitFor();
  });

  test('a text that is not what its fingerprint says can’t be ticked', async () => {
    const { page } = owner;
    const requests = '**/console/api/practices/*/access-requests/*';
    await page.route(requests, async (route) => {
      const request = await honest<AccessRequest>(route);
      const [statement] = request.statements;
      if (statement) statement.text = statement.text.replace('SURNAME', 'FIRSTNAME');
      await route.fulfill({ json: request });
    });
    await openRequest(owner, 'Test Integrator');
    await page.getByText('This is not the text that would be permitted').waitFor();
    expect(await box().isDisabled()).toBe(true);
    await look(owner, 'practice-statement-forged');
    await page.unroute(requests);
    await page.reload();
    await page.getByText('checked by your browser').waitFor();
  });

  test('a document that permits another statement than the ticked one is not signed', async () => {
    const { page } = owner;
    const drafts = '**/access-requests/*/draft';
    await page.route(drafts, async (route) => {
      const draft = await honest<DraftedPermission>(route);
      const grant = JSON.parse(draft.document) as Grant;
      draft.document = canonicalJson({ ...grant, scopes: [`statement:${'0'.repeat(64)}`] });
      draft.options.challenge = grantDigest(draft.document).toString('base64url');
      await route.fulfill({ json: draft });
    });
    await page.getByText('Read anything in the databases below').click();
    expect(await box().isChecked()).toBe(false);
    await tick();
    await look(owner, 'practice-request-statement');
    await page.getByRole('button', { name: 'Read and approve' }).click();
    await page.getByRole('button', { name: 'Approve with passkey' }).click();
    await page.getByText('What you were asked to sign is not what this page shows.').waitFor();
    await page.unroute(drafts);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
  });

  test('what was read and ticked runs, word for word, and nothing else does', async () => {
    const { page } = owner;
    expect((await run(TEXT)).body).toMatchObject({ code: 'GRANT_PENDING' });
    await approveWithPasskey(owner);
    await page.getByRole('heading', { name: 'Statements it may run' }).waitFor();
    await page.getByText('checked by your browser').waitFor();
    await look(owner, 'practice-permission-statement');
    expect((await run(TEXT)).status).toBe(200);
    for (const text of [`${TEXT} OR 1 = 1`, TEXT.replace('(2)', '(3)'), 'SELECT @from AS n'])
      expect((await run(text)).body).toMatchObject({ code: 'GRANT_SCOPE' });
    await author.page.reload();
    await author.page.getByText('Permitted', { exact: true }).waitFor();
  });
  test('its author asks for more; the practice sees it as more, approves, and it runs', async () => {
    const { page } = author;
    await page.getByRole('link', { name: 'Sites', exact: true }).click();
    await page.getByRole('button', { name: 'Ask for more at Zz Test Clinic' }).click();
    const dialog = page.getByRole('alertdialog');
    // Its owner has just decided without it.
    await dialog.getByText('with queries of your own').click();
    await dialog.getByRole('button', { name: 'Ask the practice' }).click();
    await dialog.getByText('Its practice has decided on this within the last seven days').waitFor();
    await dialog.getByText('with queries of your own').click();
    await dialog.getByLabel('Run these procedures').fill('no such name!');
    await dialog.getByRole('button', { name: 'Ask the practice' }).click();
    await dialog.getByText('What you would like to do can’t be asked for at this site').waitFor();
    await dialog.getByLabel('Run these procedures').fill('dbo.BookAppointment');
    await look(author, 'integrator-ask-more');
    await dialog.getByRole('button', { name: 'Ask the practice' }).click();
    await page.getByText('You asked for more, and the practice decides').waitFor();
    await look(author, 'integrator-asked-more');
    expect((await run(TEXT)).status).toBe(200);

    await owner.page.getByRole('link', { name: 'Requests', exact: true }).click();
    await owner.page.getByRole('cell', { name: 'More than it has' }).waitFor();
    await openRequest(owner, 'Test Integrator');
    await owner.page.getByRole('heading', { name: 'Test Integrator asks for more' }).waitFor();
    // What it may do already is ticked, and only what is new says so.
    expect(await box().isChecked()).toBe(true);
    expect(await owner.page.getByText('New', { exact: true }).count()).toBe(1);
    await owner.page.getByText('As now, until').first().waitFor();
    await look(owner, 'practice-request-more');
    await approveWithPasskey(owner);
    await owner.page.getByRole('heading', { name: 'Statements it may run' }).waitFor();
    await owner.page.getByText('Run the procedure “bookappointment”').first().waitFor();
    expect((await run(TEXT)).status).toBe(200);
    await page
      .getByText('You asked for more, and the practice decides')
      .waitFor({ state: 'detached' });
  });
});
