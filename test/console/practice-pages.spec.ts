/** Each page of a practice once: seen by axe in both schemes and widths, and by whoever looks at the pictures. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isExportProblem, parseAuditExport } from '#libs/audit/parse-audit-export.js';
import { verifyExports } from '#libs/audit/verify-export.js';
import { registerIntegrator, redeem, type DemoIntegrator } from '#deploy/dev/demo.js';
import type { PracticeRetention } from '#libs/console-api/retention.js';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import { admitOwnPasskey, LONG_READ, openRequest } from '#test/console/practice-story.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

/** What a company may call itself; the browser shows it, and nothing else happens. */
const AWKWARD = `Zz O’Brien & "Søn" <b>Pty</b> 🦘 ${'مرحبا'} =1+1`;
const NAME = 'Zz Recalls Pty Ltd';

/** The same page as it is when records are due, and some are gone. */
function sevenYearsOn({ rules, ...content }: PracticeRetention): PracticeRetention {
  const [oldest, newest] = ['2019-03-04T01:00:00.000Z', '2019-11-30T01:00:00.000Z'];
  const executeAfter = '2026-12-07T02:00:00.000Z';
  return {
    ...content,
    rules: rules.map((rule) =>
      rule.kind === 'audit-record' || rule.kind === 'usage-count'
        ? { ...rule, next: { records: 1_204, oldest, newest, executeAfter } }
        : rule,
    ),
    register: [
      {
        ...{ planId: 'zz', kind: 'audit-record', action: 'destroyed', ruleVersion: 1 },
        ...{ records: 31_007, oldest, newest, destroyedAt: '2026-11-02T02:00:00.000Z' },
      },
    ],
    left: [
      { personId: 'zz', name: 'Zz Quincy Left', leftAt: '2026-10-01T02:00:00.000Z' },
      { personId: 'held', name: 'Zz Held', leftAt: '2026-10-01T02:00:00.000Z', isHeld: true },
    ],
  };
}

describeInBrowser('the pages of a practice', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let integrator: DemoIntegrator;
  let owner: Visit;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none' });
    browser = await ConsoleBrowser.open(conduit);
    integrator = await registerIntegrator(conduit.conduit, NAME);
    owner = await browser.newcomer('Zz Olive Owner', {
      role: 'practice-owner',
      practiceId: conduit.practiceId,
    });
  });

  afterAll(async () => {
    await owner?.close();
    await browser?.close();
    await conduit?.stop();
  });

  const go = (name: string) => owner.page.getByRole('link', { name, exact: true }).click();
  const heading = (name: string | RegExp) =>
    owner.page.getByRole('heading', { name, level: 1 }).waitFor();
  const look = async (picture: string, visit = owner) => {
    await visit.screenshot(picture);
    expect(await visit.audit()).toEqual([]);
  };

  test('the overview before anything is connected says what to do next', async () => {
    await owner.page.getByText('Nothing is connected yet').waitFor();
    await owner.page.getByText('Everything works.').waitFor();
    await look('practice-overview-first');
  });

  test('approvers: what to type on the server, the six words, then who can approve', async () => {
    await go('Approvers');
    await owner.page.getByTestId('six-words').first().waitFor();
    await look('practice-approvers-first');
    await admitOwnPasskey(conduit, owner);
    await look('practice-approvers');
  });

  test('a pairing code is shown once, with a QR code', async () => {
    await go('Connect software');
    await owner.page.getByRole('button', { name: 'Make a pairing code' }).click();
    const code = (await owner.page.getByTestId('pairing-code').textContent()) ?? '';
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await owner.page.getByRole('img', { name: /QR/ }).waitFor();
    await owner.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await owner.page.getByRole('button', { name: /^Copy/ }).first().click();
    expect(await owner.page.evaluate('navigator.clipboard.readText()')).toBe(code);
    await look('practice-pairing-code');
    await owner.page.reload();
    await owner.page.getByText(`${code.slice(0, 3)}…`).waitFor();
    expect(await owner.page.getByText(code).count()).toBe(0);
    await redeem(conduit.conduit, integrator.subscriptionKey, code);
  });

  test('a request says who asks and for what, and is approved in what it says', async () => {
    await go('Requests');
    await heading('Requests');
    await owner.page.getByRole('link', { name: `Look and decide: ${NAME}` }).waitFor();
    await look('practice-requests');
    await openRequest(owner, NAME);
    expect(await owner.page.getByText('HMARKT').count()).toBe(0);
    await look('practice-request');
    await owner.page.getByRole('button', { name: 'Read and approve' }).click();
    await owner.page.getByRole('alertdialog').waitFor();
    await look('practice-approve');
    await owner.page.getByRole('button', { name: 'Approve with passkey' }).click();
    await owner.page.getByText('In force at the practice’s server since').waitFor();
    await look('practice-permission');
  });

  test('a privacy request is registered, refused with its ground, and says what a list of withdrawals cannot do', async () => {
    const { page } = owner;
    const dialog = page.getByRole('dialog');
    await go('Privacy');
    await page.getByText('No request is open').waitFor();
    await page.getByText(`Permitted to use raw SQL at this moment: ${NAME}.`).waitFor();
    await page.getByRole('button', { name: 'Register a request' }).click();
    await dialog.getByText('Access', { exact: true }).click();
    await dialog.getByLabel('Your reference').fill('Smith');
    await dialog.getByLabel('Day on which it came').fill('2020-01-01');
    await dialog.getByRole('button', { name: 'Register' }).click();
    await dialog.getByText('must be a number of your own').waitFor();
    await look('practice-privacy-register');
    await dialog.getByLabel('Your reference').fill('P-2026-014');
    const day = new Date(Date.now() - 5 * 86_400_000).toISOString().slice(0, 10);
    await dialog.getByLabel('Day on which it came').fill(day);
    await dialog.getByRole('button', { name: 'Register' }).click();
    await heading('Access P-2026-014');
    await page.getByText('First: is it really that person?').waitFor();
    await look('practice-privacy-request');
    await page.getByRole('button', { name: 'Answer or refuse' }).click();
    await dialog.getByText('It was refused').click();
    await dialog.getByText('We do not hold it').click();
    expect(await owner.audit()).toEqual([]);
    await dialog.getByRole('button', { name: 'End it' }).click();
    await page.getByRole('button', { name: 'Open it again' }).waitFor();
    await page.getByText('by Zz Olive Owner').first().waitFor();
    await go('Privacy');
    await page.getByText('P-2026-014').waitFor();
    await look('practice-privacy');
  });

  test('what is kept: how long, a longer time, a hold, and what goes next', async () => {
    const { page } = owner;
    const dialog = page.getByRole('alertdialog');
    await go('What is kept');
    await page.getByText('7 years after it was recorded').waitFor();
    await page.getByRole('button', { name: 'Keep longer: Audit records' }).click();
    await dialog.getByRole('button', { name: /How long after it was recorded/ }).click();
    await page.getByRole('option', { name: '10 years', exact: true }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('10 years after it was recorded').waitFor();
    await page.getByRole('tab', { name: 'Holds' }).click();
    await page.getByText('Nothing is held').waitFor();
    await page.getByRole('button', { name: 'Place a hold' }).click();
    await dialog.getByLabel('Why').fill('Zz A complaint is with the Commissioner');
    await look('practice-hold');
    await dialog.getByRole('button', { name: 'Place the hold' }).click();
    await page.getByText('Nothing it reaches was planned to go.').waitFor();
    await page.getByRole('button', { name: 'Lift: All records' }).waitFor();
    await page.getByRole('tab', { name: 'People who left' }).click();
    await page.getByText('Nobody’s name is left').waitFor();
    await page.getByRole('tab', { name: 'Gone' }).click();
    await page.getByText('Nothing has been destroyed').waitFor();
    // What comes of seven years is not waited for.
    const isAnswer = /\/console\/api\/.*\/retention$/;
    const answered = page.waitForResponse(isAnswer);
    await page.reload();
    const content = (await (await answered).json()) as PracticeRetention;
    await page.route(isAnswer, (route) => route.fulfill({ json: sevenYearsOn(content) }));
    await page.reload();
    await page.getByText('1,204 records on').first().waitFor();
    await look('practice-retention');
    await page.getByRole('tab', { name: 'Gone' }).click();
    await page.getByText('Audit records: 31,007 records').waitFor();
    await look('practice-destroyed');
    await page.getByRole('tab', { name: 'People who left' }).click();
    await page.getByRole('button', { name: 'Erase the name of Zz Quincy Left' }).waitFor();
    await page.getByText('Stays: a hold keeps it until the hold is lifted').waitFor();
    expect(await page.getByRole('button', { name: 'Erase the name of Zz Held' }).count()).toBe(0);
    expect(await owner.audit()).toEqual([]);
    await page.unroute(isAnswer);
  });

  test('the overview shows who is connected; one press pauses, and callers are told', async () => {
    const { page } = owner;
    const headers = { accept: 'application/problem+json' };
    const ask = () =>
      conduit.query({ text: 'SELECT 1 AS n' }, {}, '', {
        key: integrator.subscriptionKey,
        headers,
      });
    expect((await ask()).status).toBe(200);
    await go('Overview');
    const running = conduit.query({ text: `SELECT COUNT(*) AS n FROM (${LONG_READ}) t` }, {}, '', {
      key: integrator.subscriptionKey,
      headers,
    });
    await page.getByRole('button', { name: `Pause ${NAME}` }).click();
    await page.getByText('Paused since').waitFor();
    await page.getByText('In force at the practice’s server since').waitFor();
    expect((await running).body).toMatchObject({ code: 'QUERY_STOPPED', status: 403 });
    expect((await ask()).body).toMatchObject({ code: 'GRANT_PAUSED', status: 403 });
    await page.getByRole('button', { name: `Resume ${NAME}` }).click();
    await page.getByText('Paused since').waitFor({ state: 'detached' });
    expect((await ask()).status).toBe(200);
    await page.getByRole('button', { name: 'Pause everything' }).click();
    await page.getByText('Permissions stay as they are').waitFor();
    expect((await ask()).body).toMatchObject({ code: 'GRANT_PAUSED' });
    await look('practice-overview-paused');
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause everything' }).waitFor();
    expect((await ask()).status).toBe(200);
    await page.getByText('reads today').waitFor();
    await look('practice-overview');
  });

  test('today: counts and classes, nothing exact', async () => {
    await go('Today');
    await owner.page.getByText('answered at once').waitFor();
    await look('practice-today');
  });

  test('activity in sentences, filtered, and exported with the passkey', async () => {
    const { page } = owner;
    await go('Activity');
    await page.getByText(`${NAME} read data at`).first().waitFor();
    await look('practice-activity');
    await page.getByRole('button', { name: /Outcome/ }).click();
    await page.getByRole('option', { name: 'Refused' }).click();
    await page.getByText(`${NAME} was refused`).first().waitFor();
    await page.getByText(`${NAME} read data at`).first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('alertdialog', { name: 'Export this list?' }).waitFor();
    await look('practice-export');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('alertdialog').getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^conduit-activity-.*\.csv$/);
    await page.getByText('Not compared yet.').waitFor();
    await page.getByRole('button', { name: 'Compare now' }).click();
    // All of it is younger than what is compared.
    await page.getByText('0 queries agree.').waitFor();
  });

  test('a line’s proof, and all records with theirs, are files that are found good offline', async () => {
    const { page } = owner;
    await page
      .getByRole('link', { name: /^Proof: .* was refused/ })
      .first()
      .click();
    await heading('Proof');
    await page.getByText('It can’t be changed or taken out unseen').waitFor();
    await look('practice-proof');
    expect(await checked('Download proof')).toMatchObject({ wrong: [], proven: 1 });
    await go('Proofs');
    await heading('Proofs');
    await look('practice-proofs');
    await page.getByRole('button', { name: 'Export with proofs' }).click();
    const { wrong, proven } = await checked('Export');
    expect([wrong, proven > 5]).toEqual([[], true]);
    await page.getByText('The file reaches to').waitFor();
    await go('Activity');
  });

  /** What the file says to who checks it alone, once the button has given it. */
  async function checked(button: string): Promise<{ wrong: string[]; proven: number }> {
    const { page } = owner;
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button, exact: true }).click(),
    ]);
    const content = parseAuditExport(readFileSync(await file.path(), 'utf8'));
    if (isExportProblem(content)) throw new Error(content.place);
    const { findings, logs } = verifyExports([{ name: 'file', content }]);
    const wrong = findings.filter(({ level }) => level === 'wrong').map(({ says }) => says);
    return { wrong, proven: logs.reduce((sum, log) => sum + log.proven, 0) };
  }

  test('people, settings and the server', async () => {
    const { page } = owner;
    await go('People');
    const people = page.getByRole('table', { name: 'People and their roles' });
    await people.getByRole('cell', { name: 'Zz Olive Owner', exact: true }).waitFor();
    await look('practice-people');
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByText('IT technician').click();
    await look('practice-invite');
    const link = await invited();
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByText('Practice manager', { exact: true }).click();
    const managers = await invited();
    await go('Settings');
    await page.getByText('Time zone').waitFor();
    await page.getByLabel('Closed on').fill('2099-01-26');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('Monday, 26 January 2099').waitFor();
    // What was pressed by mistake is taken back.
    await page.getByRole('button', { name: 'Remove Monday, 26 January 2099' }).click();
    await page.getByText('None yet: every day of the week counts.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Remove Monday, 26 January 2099' }).waitFor();
    await page.getByText('At any time', { exact: true }).waitFor();
    await look('practice-settings');
    await go('Server');
    await page.getByText('Certificate until').waitFor();
    await page.getByRole('button', { name: 'Change update window' }).click();
    await page.getByText('At any time', { exact: true }).last().click();
    await page.getByLabel('From').waitFor();
    await look('practice-update-window');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/^Tue, Thu from 20:00 to 23:00 \(Australia\//).waitFor();
    await look('practice-service');
    await technician(link);
    await manager(managers);
  });

  /** What is filled in is sent. @returns the link */
  async function invited(): Promise<string> {
    const { page } = owner;
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByText('Pass this link on').waitFor();
    const link = (await page.getByRole('dialog').locator('code').textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    return link;
  }

  /** Has no page of the server, and says among the settings when it may be updated. */
  async function manager(link: string): Promise<void> {
    await browser.during(async (visit) => {
      const { page } = visit;
      const { pathname, hash } = new URL(link);
      await visit.acceptInvitation(`${pathname}${hash}`, 'Zz Mandy Manager');
      expect(await page.getByRole('link', { name: 'Server', exact: true }).count()).toBe(0);
      await page.getByRole('link', { name: 'Settings', exact: true }).click();
      await page.getByText(/^Tue, Thu from 20:00 to 23:00/).waitFor();
      await page.getByRole('button', { name: 'Change update window of Zz Test Clinic' }).click();
      await page.getByLabel('From').fill('19:30');
      await page.getByRole('button', { name: 'Save', exact: true }).last().click();
      await page.getByText(/^Tue, Thu from 19:30 to 23:00 \(Australia\//).waitFor();
      expect(await visit.audit()).toEqual([]);
      // Whatever this computer's clock is set to, times are the practice's.
      await page.getByRole('button', { name: /^New South Wales/ }).click();
      await page.getByRole('option', { name: 'Western Australia (Perth)' }).click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('Saved', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Overview', exact: true }).click();
      await page.getByText(/last heard .*AWST/).waitFor();
    });
  }

  /** Sees the server and nothing else. */
  async function technician(link: string): Promise<void> {
    await browser.during(async (visit) => {
      const { page } = visit;
      const { pathname, hash } = new URL(link);
      await visit.acceptInvitation(`${pathname}${hash}`, 'Zz Terry Technician');
      await page.getByRole('heading', { name: 'Server', level: 1 }).waitFor();
      const entries = page.getByRole('navigation', { name: 'Zz Test Clinic' }).getByRole('link');
      expect(await entries.allTextContents()).toEqual(['Server']);
      await page.getByRole('button', { name: 'Check the logins now' }).click();
      await page.getByText(/^Checked .*:/).waitFor({ timeout: 60_000 });
      await look('practice-server-checked', visit);
      await page.getByRole('button', { name: 'Make an install code' }).click();
      await page.getByRole('button', { name: 'Make the code' }).click();
      await page.getByText('agent enrol').waitFor();
      await look('practice-install-code', visit);
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save log for support' }).click(),
      ]);
      expect(file.suggestedFilename()).toMatch(/^conduit-server-.*\.json$/);
      await page.goto(`/console/practices/${conduit.practiceId}/activity`);
      await page.getByRole('heading', { name: 'This page is for somebody else' }).waitFor();
      await look('page-not-for-you', visit);
    });
  }

  test('permissions: every one that was signed, and how it stands', async () => {
    await go('Permissions');
    await owner.page.getByRole('link', { name: `Look: ${NAME}` }).waitFor();
    await look('practice-permissions');
  });

  test('an awkward name is text everywhere, and a request can be declined', async () => {
    const { page } = owner;
    const awkward = await registerIntegrator(conduit.conduit, AWKWARD);
    await go('Connect software');
    await page.getByRole('button', { name: 'Make a pairing code' }).click();
    const code = (await page.getByTestId('pairing-code').textContent()) ?? '';
    await redeem(conduit.conduit, awkward.subscriptionKey, code);
    await openRequest(owner, AWKWARD);
    await page.getByRole('button', { name: 'Decline' }).click();
    await page.getByText('We don’t know who this is').click();
    await look('practice-decline');
    await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).click();
    await page.getByText('We don’t know who this is').waitFor();
    expect(await page.getByText(AWKWARD).first().isVisible()).toBe(true);
  });
});
