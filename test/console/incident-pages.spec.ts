/**
 * The breach workbench in a real browser, from a suspicion to the file: each of its pages seen by axe in both
 * schemes and widths, with a freeze that truly stops queries and evidence that counts those that were asked.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pdfPages } from '#apps/broker/src/incident-pdf/pdf-text.fixture.js';
import { partWords } from '#libs/console-api/incident-words.js';
import { GAP, type IncidentFile } from '#libs/console-api/incidents.js';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import { until } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const TITLE = 'Zz O’Brien’s software asks more than usual';
const SOON_MS = 20_000;
const START_MS = 120_000;

describeInBrowser('the pages of incidents', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let officer: Visit;

  beforeAll(async () => {
    conduit = await startConduit();
    browser = await ConsoleBrowser.open(conduit);
    await conduit.rows('SELECT 1 AS one');
    await conduit.rows('SELECT 2 AS two');
    officer = await browser.newcomer('Zz Olga Officer', { role: 'operator-security' });
  }, START_MS);

  afterAll(async () => {
    await officer?.close();
    await browser?.close();
    await conduit?.stop();
  });

  const press = (name: string, { page } = officer) =>
    page.getByRole('button', { name, exact: true }).click();
  const heading = (name: string, { page } = officer) =>
    page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
  const look = async (picture: string, visit = officer) => {
    await visit.page.evaluate('window.scrollTo(0, 0)');
    await visit.screenshot(picture);
    expect(await visit.audit()).toEqual([]);
  };
  const open = async (step: string, title: string) => {
    await officer.page.getByRole('link', { name: `Open: ${step}` }).click();
    await heading(title);
  };
  const back = () => officer.page.getByRole('link', { name: 'The incident', exact: true }).click();
  const choose = async (label: string, option: string, { page } = officer) => {
    await page.getByRole('button', { name: new RegExp(label) }).click();
    await page.getByRole('option', { name: option, exact: true }).click();
  };
  const ask = async () => (await conduit.query({ text: 'SELECT 1 AS one' })).status;

  /** Through the page that opens one, up to the passkey. */
  async function describe(visit = officer, more?: () => Promise<void>): Promise<void> {
    const { page } = visit;
    await page.getByRole('link', { name: 'Open an incident' }).click();
    await heading('Open an incident', visit);
    await page.getByLabel('What is suspected').fill(TITLE);
    await choose('How it was noticed', 'Our own people noticed', visit);
    await more?.();
    await press('Open the incident', visit);
    await press('Open it', visit);
  }

  test('an incident is opened once, whoever opens it again is led to it', async () => {
    const { page } = officer;
    await page.goto('/console/operator/incidents');
    await page.getByText('No incident is open').waitFor();
    await look('operator-incidents-first');
    const pick = async () => {
      await choose('Look only at certain', 'Software');
      await page.getByRole('button', { name: 'Add Test Integrator' }).click();
    };
    await describe(officer, async () => {
      await pick();
      await look('operator-incident-new');
    });
    await heading(TITLE);
    await page.getByText('Being assessed').waitFor();
    await look('operator-incident');
    await page.goto('/console/operator/incidents');
    await describe(officer, pick);
    await page.getByRole('link', { name: 'Go to the one that is open' }).click();
    await heading(TITLE);
  });

  test('a freeze says whom it hits, stops queries, and takes a second person to end', async () => {
    const { page } = officer;
    expect(await ask()).toBe(200);
    await open('Freeze what may do more harm', 'Freeze');
    await press('See whom it hits');
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Zz Test Clinic').first().waitFor();
    await look('operator-freeze');
    await dialog.getByRole('button', { name: 'Freeze now' }).click();
    await page.getByRole('cell', { name: 'Frozen', exact: true }).waitFor({ timeout: SOON_MS });
    expect(await ask()).not.toBe(200);
    await press('End it: Test Integrator');
    await press('End it');
    await page.getByText('You asked for its end').waitFor();
    expect(await ask()).not.toBe(200);
    await look('operator-frozen');
    await back();
    await page.getByText('1 thing is frozen now.').waitFor();
  });

  test('a second officer ends it, and queries are answered again', () =>
    browser.during(async (colleague) => {
      const { page } = colleague;
      const link = await browser.invite({ role: 'operator-security' });
      await colleague.acceptInvitation(link, 'Zz Otto Officer');
      await page.goto(officer.page.url());
      await page.getByRole('link', { name: 'Open: Freeze what may do more harm' }).click();
      await page.getByText('Zz Olga Officer asked for its end.').waitFor();
      await press('Confirm its end: Test Integrator', colleague);
      await page.getByText('It goes on working at once').waitFor();
      expect(await ask()).not.toBe(200);
      await press('Confirm its end', colleague);
      await page.getByText('It is not frozen any more').waitFor();
      await page.getByText(/^Ended/).waitFor();
      await until(async () => (await ask()) === 200, SOON_MS);
    }));

  test('evidence counts what was asked, and says what is proven by both logs', async () => {
    const { page } = officer;
    await open('Gather the evidence', 'Evidence');
    await press('Gather it');
    await page.getByText('Queries asked').waitFor({ timeout: 3 * SOON_MS });
    await page.getByRole('heading', { name: 'What is proven' }).waitFor();
    await page.getByRole('cell', { name: 'Zz Test Clinic' }).first().waitFor();
    await look('operator-evidence');
    await back();
    await page.getByText(/^Gathered: \d+ quer/).waitFor();
  });

  test('a decision has grounds and reasons, after My Health Record was answered', async () => {
    const { page } = officer;
    await open('Decide', 'Decision');
    await page.getByText('No', { exact: true }).click();
    await press('Save this answer');
    await page.getByRole('button', { name: 'Save this answer' }).waitFor({ state: 'detached' });
    await page.getByText('It is an eligible data breach').click();
    await page.getByText('Somebody had access who must not').click();
    await page.getByText('How sensitive it is').click();
    await page.getByLabel('Reasons').fill('More was asked than the permission is for.');
    await look('operator-decision');
    await press('Decide');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Decide' }).click();
    await page.getByText('More was asked than the permission is for.').first().waitFor();
    await back();
    await page.getByText('To be notified', { exact: true }).waitFor();
  });

  test('the statement is drafted in its four parts, and its gaps are filled', async () => {
    const { page } = officer;
    await open('Write the statement', 'Statement');
    await press('Draft it from the records');
    await page
      .getByText(/gaps? (is|are) left/)
      .first()
      .waitFor();
    await look('operator-statement');
    for (const [index, words] of Object.values(partWords).entries()) {
      const part = page.getByLabel(`${index + 1}. ${words}`);
      await part.fill((await part.inputValue()).replaceAll(GAP, 'Zz made up'));
    }
    await press('Save');
    await page.getByText('Version 2').waitFor();
    await back();
    await page.getByText('Version 2, no gaps left.').waitFor();
  });

  test('letters are drafted for each who has to know, changed, and noted as sent', async () => {
    const { page } = officer;
    await open('Tell those who have to know', 'Letters');
    await press('Draft the letters');
    await page.getByRole('link', { name: /Information Commissioner|OAIC/ }).waitFor();
    await look('operator-letters');
    await page.getByRole('link', { name: /Information Commissioner|OAIC/ }).click();
    const letter = page.getByLabel('Letter', { exact: true });
    await look('operator-letter');
    await letter.fill(`${(await letter.inputValue()).replaceAll(GAP, 'Zz made up')}\nZz.`);
    await press('Save');
    await page.getByText('Ready to be sent').waitFor();
    await press('It was sent');
    await page.getByText('Through its online form').click();
    await press('Note it');
    await page.getByText('Sent', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'All letters' }).click();
    await heading('Letters');
    await back();
    await page.getByText('The incident was opened').waitFor();
  });

  test('it is notified once every letter was sent, and closed once nothing is frozen', async () => {
    const { page } = officer;
    const notified = page.getByRole('button', { name: 'Everybody was notified' });
    expect(await notified.isDisabled()).toBe(true);
    await open('Tell those who have to know', 'Letters');
    const unsent = page.getByRole('row').filter({ hasText: /Draft|Ready|gap/ });
    while ((await unsent.count()) > 0) {
      await unsent.first().getByRole('link').click();
      const letter = page.getByLabel('Letter', { exact: true });
      await letter.fill((await letter.inputValue()).replaceAll(GAP, 'Zz made up'));
      await press('Save');
      await press('It was sent');
      await page.getByText('By post').click();
      await press('Note it');
      await page.getByText('Sent', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'All letters' }).click();
      await heading('Letters');
    }
    await back();
    await page.getByText('Everybody was told.').waitFor();
    await notified.click();
    await press('Yes, everybody');
    await press('Close the incident');
    await press('Close it');
    await page.getByText('The incident was closed').waitFor();
    await look('operator-incident-closed');
    expect(await page.getByRole('button', { name: 'Close the incident' }).count()).toBe(0);
  });

  test('all of it is exported with the passkey, as a document and as data', async () => {
    const { page } = officer;
    const save = async (as?: string) => {
      await press('Export');
      const dialog = page.getByRole('alertdialog');
      if (as !== undefined) await dialog.getByText(as).click();
      else await look('operator-incident-export');
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('button', { name: 'Export' }).click(),
      ]);
      return readFileSync(await file.path());
    };
    const text = pdfPages(await save()).join(' ');
    const json = JSON.parse(String(await save('Data for a program (JSON)'))) as IncidentFile;
    const { incident, pack } = json;
    expect(text).toContain(TITLE);
    for (const [index, words] of Object.values(partWords).entries())
      expect(text).toContain(`${index + 1}. ${words}`);
    const queries = pack?.content?.totals.queries ?? 0;
    expect(queries).toBeGreaterThan(1);
    expect(text).toContain(`Queries asked ${queries}`);
    expect(incident.statements[0]?.gaps).toBe(0);
  });

  test('a practice’s owner opens one of their own, and sees no officer’s buttons', () =>
    browser.during(async (owner) => {
      const { page } = owner;
      const { practiceId } = conduit;
      const link = await browser.invite({ role: 'practice-owner', practiceId });
      await owner.acceptInvitation(link, 'Zz Olive Owner');
      await page.getByRole('link', { name: 'Incidents', exact: true }).click();
      await heading('Incidents', owner);
      expect(await page.getByRole('button', { name: 'Run a drill' }).count()).toBe(0);
      await describe(owner);
      await heading(TITLE, owner);
      await page.getByText('Being assessed').waitFor();
      await look('practice-incident', owner);
      await page.getByRole('link', { name: 'Open: Freeze what may do more harm' }).click();
      await heading('Freeze', owner);
      await page.getByRole('button', { name: /What$/ }).click();
      expect(await page.getByRole('option').allTextContents()).toEqual([
        'Software company',
        'Site',
      ]);
      await page.keyboard.press('Escape');
      await page.goto(`/console/practices/${practiceId}/incidents`);
      await page.getByRole('link', { name: TITLE }).first().waitFor();
      await look('practice-incidents', owner);
    }));

  test('a drill says on every page that it is one, and freezes nothing', async () => {
    const { page } = officer;
    await page.goto('/console/operator/incidents');
    await press('Run a drill');
    await press('Start the drill');
    await page.getByText('This is a drill').waitFor();
    await look('operator-drill');
    expect(await page.getByRole('link', { name: /Freeze/ }).count()).toBe(0);
    await open('Gather the evidence', 'Evidence');
    await page.getByText('This is a drill').waitFor();
    await page.getByText('Queries asked').waitFor();
    await page.goto('/console/operator/incidents');
    await page.getByText('Drill', { exact: true }).waitFor();
    await look('operator-incidents');
  });
});
