/** The pages of the operator's staff, in real browsers over a whole conduit. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const SOON_MS = 20_000;
const START_MS = 120_000;
/** On a busy machine the database counts as busy too, until that has passed. */
const CALM_MS = 60_000;

describeInBrowser('the pages of the operator', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let officer: Visit;
  let second: Visit;

  beforeAll(async () => {
    conduit = await startConduit();
    browser = await ConsoleBrowser.open(conduit);
    officer = await browser.newcomer('Zz Olga Officer', { role: 'operator-security' });
    second = await browser.newcomer('Zz Sam Second', { role: 'operator-security' });
  }, START_MS);

  afterAll(async () => {
    await officer?.close();
    await second?.close();
    await browser?.close();
    await conduit?.stop();
  });

  const go = async ({ page }: Visit, path: string, heading: string): Promise<void> => {
    await page.goto(`/console/operator${path}`);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  };
  /** The page of the one agent that there is, through the fleet. */
  const openAgent = async (visit: Visit): Promise<void> => {
    await go(visit, '', 'Fleet');
    await visit.page.getByRole('link', { name: 'Zz Test Clinic' }).click();
    await visit.page.getByRole('heading', { name: 'Zz Test Clinic', level: 1 }).waitFor();
  };
  const badge = ({ page }: Visit, words: string) =>
    page.locator('.page__lead').getByText(words, { exact: true });

  test('show the fleet by both signals, searched and saved as a view', async () => {
    const { page } = officer;
    await go(officer, '', 'Fleet');
    await page.getByRole('cell', { name: /Online/ }).waitFor({ timeout: CALM_MS });
    await page.getByText('Answers').waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-fleet');
    await page.getByLabel('Search').fill('no such practice');
    await page.getByText('No agent fits').waitFor();
    await page.getByLabel('Search').fill('Zz Test');
    await page.getByRole('link', { name: 'Zz Test Clinic' }).waitFor();
    await page.getByRole('button', { name: /^Online/ }).click();
    await page.getByRole('button', { name: 'Save this view' }).click();
    await page.getByLabel('Name').fill('Zz mine');
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('button', { name: 'Forget this view' }).waitFor();
  });

  test('show one agent, and its doctor’s findings when asked', async () => {
    const { page } = officer;
    await openAgent(officer);
    await page.getByRole('heading', { name: 'Data path: its database' }).waitFor();
    await page.getByRole('button', { name: 'Ask its doctor' }).click();
    await page
      .getByText(/checks hold|Check that does not hold/)
      .first()
      .waitFor({ timeout: SOON_MS });
    expect(await officer.audit()).toEqual([]);
    await page.evaluate('window.scrollTo(0, 0)');
    await officer.screenshot('operator-agent');
    await page.getByRole('button', { name: /^Opening hours of/ }).click();
    await page.getByText('Alerts count at any hour').click();
    await page.getByLabel('Opens').fill('07:30');
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-hours');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Mon, Tue, Wed, Thu, Fri 07:30–18:00').waitFor();
  });

  test('show what the logs found wrong, and have it settled with a reason', async () => {
    const { page } = officer;
    const since = '2026-05-04T02:00:00.000Z';
    const alarms = {
      open: [
        { about: 'agent-log', alarm: 'roll-back', since },
        { about: 'records', alarm: 'records-differ', since, incidents: 3 },
      ],
      settled: [
        {
          ...{ about: 'audit-log', alarm: 'fork', since, settledAt: since },
          ...{ settledBy: 'Zz Sam Second', reason: 'The database came from a backup.' },
        },
      ],
    };
    const record = { ts: since, type: 'query.executed', queryId: 'zz-query', lane: 'immediate' };
    const side = (leaf: number, more: object) => ({
      ...{ leaf, record: JSON.stringify({ ...record, salt: 'zz-salt', ...more }) },
    });
    const incident = { agentId: 'zz', foundAt: since, queryId: 'zz-query' };
    const incidents = [
      {
        ...{ ...incident, incidentId: 'zz-1', kind: 'differs', fields: ['rowsBucket'] },
        broker: side(1_700, { rowsBucket: '<=10' }),
        agent: side(42, { rowsBucket: '<=1000', patient: 'zz-stray' }),
      },
      {
        ...{ ...incident, incidentId: 'zz-2', kind: 'executed-not-dispatched', fields: [] },
        ...{ agent: side(43, {}), settledAt: since },
      },
    ];
    await page.route('**/log-alarms', (route) => route.fulfill({ json: alarms }));
    await openAgent(officer);
    await page.getByText('records that do not match: 3').waitFor();
    await page.getByText('“The database came from a backup.”').waitFor();
    await page.getByRole('button', { name: 'Show the comparisons' }).click();
    await page.getByText('Not compared yet.').waitFor();
    await page.getByRole('button', { name: 'Compare now' }).click();
    await page.getByRole('cell', { name: '0 queries agree.' }).waitFor({ timeout: SOON_MS });
    // Such differences there are none.
    await page.route('**/reconciliations', (route) =>
      route.fulfill({ json: { runs: [], incidents } }),
    );
    await openAgent(officer);
    await page.getByRole('button', { name: 'Show the comparisons' }).click();
    await page.getByText('Both records').click();
    const rows = page.getByRole('row').filter({ hasText: 'Differs' });
    expect(await rows.getByRole('cell').allInnerTexts()).toEqual([
      expect.stringMatching(/^Rows\s+Differs$/),
      ...['up to 10 rows', 'up to 1,000 rows'],
    ]);
    await page.getByText('The record', { exact: true }).click();
    await page.getByRole('cell', { name: 'No record' }).waitFor();
    // What has no place in a record is not shown, should a server have sent it.
    expect(await page.getByText(/zz-(stray|salt)/).count()).toBe(0);
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-log-alarms');
    await page.getByRole('button', { name: 'Settle…' }).first().click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('taken as a new beginning').waitFor();
    await dialog.getByLabel('Why it is over').fill('Restored from a backup of Sunday.');
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-log-alarm-settle');
    const sent = page.waitForRequest('**/log-alarms/settle');
    await dialog.getByRole('button', { name: 'Settle' }).click();
    // Of alarms that are not there the broker knows nothing: it says so, and the dialog stays.
    expect((await sent).postDataJSON()).toMatchObject({
      ...{ about: 'agent-log', reason: 'Restored from a backup of Sunday.' },
    });
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.unroute('**/log-alarms');
    await page.unroute('**/reconciliations');
  });

  test('tell of an agent that goes and comes back without a reload', async () => {
    const { page } = officer;
    await openAgent(officer);
    await badge(officer, 'Online').waitFor({ timeout: SOON_MS });
    await conduit.conduit.agent?.stop();
    await badge(officer, 'Offline').waitFor({ timeout: SOON_MS });
    await conduit.conduit.startAgent();
    await badge(officer, 'Online').waitFor({ timeout: SOON_MS });
    await page.getByText('Shut down in order').first().waitFor();
  });

  test('quarantine at once, and release with four eyes in two browsers', async () => {
    await openAgent(officer);
    const { page } = officer;
    await page.getByRole('button', { name: 'Quarantine' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Integrators with access').waitFor();
    await dialog.getByText('Test Integrator').waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-quarantine');
    await dialog.getByRole('button', { name: 'Quarantine now' }).click();
    await badge(officer, 'Quarantined').waitFor({ timeout: SOON_MS });
    expect((await conduit.query({ text: 'SELECT 1 AS one' })).status).not.toBe(200);
    await page.getByRole('button', { name: 'Release' }).click();
    await dialog.getByText('A false alarm').click();
    await dialog.getByRole('button', { name: 'Ask a second person' }).click();
    await page.getByText('Another security officer has to approve it').waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);

    await go(second, '/approvals', 'Approvals');
    await second.page.getByText('Zz Olga Officer asked: A false alarm').waitFor();
    expect(await second.audit()).toEqual([]);
    await second.screenshot('operator-approvals');
    await second.page.getByRole('button', { name: 'Approve' }).click();
    await second.page.getByRole('button', { name: 'Release now' }).click();
    await second.page.getByText('Nothing waits for a second person').waitFor();
    await second.page.getByText('Zz Sam Second').first().waitFor();
    await badge(officer, 'Online').waitFor({ timeout: CALM_MS });
  });

  test('show alerts and change a rule', async () => {
    const { page } = officer;
    await go(officer, '/alerts', 'Alerts');
    await page.getByRole('tab', { name: 'Rules' }).click();
    await page.getByRole('button', { name: 'Change Agent away' }).click();
    await page.getByLabel('Mail to').fill('ops@example.com');
    expect(await officer.audit()).toEqual([]);
    await page.getByRole('button', { name: 'Save rule' }).click();
    await page.getByText('ops@example.com').waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-alerts');
  });

  test('show what is kept, and hold what a practice has', async () => {
    const { page } = officer;
    const dialog = page.getByRole('alertdialog');
    await go(officer, '/retention', 'What is kept');
    await page.getByText('7 years after it was recorded').waitFor();
    expect(await officer.audit()).toEqual([]);
    await page.getByRole('tab', { name: 'Planned' }).click();
    await page.getByText('Nothing is planned').waitFor();
    await page.getByRole('tab', { name: 'Holds' }).click();
    await page.getByRole('button', { name: 'Place a hold' }).click();
    await dialog.getByLabel('Search').fill('Zz Test');
    await dialog.getByRole('button', { name: /Which one/ }).click();
    await page.getByRole('option', { name: 'Zz Test Clinic' }).click();
    await dialog.getByLabel('Why').fill('Zz A notice to produce');
    expect(await officer.audit()).toEqual([]);
    await dialog.getByRole('button', { name: 'Place the hold' }).click();
    await page.getByText('Nothing it reaches was planned to go.').waitFor();
    await page.getByText('Zz A notice to produce').waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-retention');
    await page.getByRole('button', { name: /^Lift: All records/ }).click();
    await dialog.getByRole('button', { name: 'Lift the hold' }).click();
    await page.getByText(/^Lifted/).waitFor();
  });

  test('bring in a practice with its code and its owner, and an integrator', async () => {
    const { page } = officer;
    await go(officer, '/practices', 'Practices');
    await page.getByRole('button', { name: 'Register a practice' }).click();
    await page.getByLabel('Name of the practice').fill('Zz New Clinic');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByRole('heading', { name: 'Zz New Clinic', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Make an enrolment code' }).click();
    await page.getByLabel('Name of the site').fill('Zz Main Rooms');
    await page.getByLabel('Its id at the software’s vendor').fill('ZZ-9');
    await page.getByText('A sandbox: its patients are made up').click();
    await officer.screenshot('operator-enrolment');
    expect(await officer.audit()).toEqual([]);
    await page.getByRole('button', { name: 'Make the code' }).click();
    await page.getByRole('heading', { name: 'The enrolment code' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('An enrolment code for Zz Main Rooms').waitFor();
    await page.getByRole('button', { name: 'Invite its owner' }).click();
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('heading', { name: 'The invitation' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-practice');
    await go(officer, '/practices', 'Practices');
    await page.getByRole('link', { name: 'Zz New Clinic' }).waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-practices');

    await go(officer, '/integrators', 'Integrators');
    await page.getByRole('button', { name: 'Register an integrator' }).click();
    await page.getByLabel('Name').fill('Zz New Vendor');
    await page.getByRole('button', { name: 'Register', exact: true }).click();
    await page.getByText('Zz New Vendor').waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-integrators');

    await go(officer, '/activity', 'Activity');
    await page
      .getByRole('cell', { name: /Zz New Clinic/ })
      .first()
      .waitFor();
    expect(await officer.audit()).toEqual([]);
    await officer.screenshot('operator-activity');
  });
});
