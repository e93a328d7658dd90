/** Each page of an integrator: seen by axe in both schemes and widths, with keys and snippets that truly work. */
import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportJWK, SignJWT } from 'jose';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { ConsoleBrowser, describeInBrowser, type Visit } from '#test/console/browser.fixture.js';
import { LONG_READ } from '#test/console/practice-story.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const run = promisify(execFile);
/** What a company may call itself; the browser shows it, and nothing else happens. */
const AWKWARD = `Zz O’Brien & "Søn" <b>Pty</b> 🦘 =1+1`;

describeInBrowser('the pages of an integrator', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;
  let receiver: Receiver;
  let admin: Visit;
  let folder: string;
  /** Made in the first test of keys, used by the snippets. */
  let key = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'conduit-snippets-'));
    receiver = await Receiver.start();
    conduit = await startConduit({
      brokerEnv: {
        CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
        CONDUIT_WEBHOOK_CA_FILE: receiver.caFile,
      },
    });
    browser = await ConsoleBrowser.open(conduit);
    admin = await browser.newcomer('Zz Ada Admin', {
      role: 'integrator-admin',
      integratorId: conduit.integrator.integratorId,
    });
  });

  afterAll(async () => {
    await admin?.close();
    await browser?.close();
    await conduit?.stop();
    await receiver?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const go = (name: string) => admin.page.getByRole('link', { name, exact: true }).first().click();
  const press = (name: string) => admin.page.getByRole('button', { name, exact: true }).click();
  const heading = (name: string) =>
    admin.page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
  const look = async (picture: string) => {
    await admin.screenshot(picture);
    expect(await admin.audit()).toEqual([]);
  };
  const useKey = async (text: string) =>
    (await conduit.call('GET', '/integrator/sites', { key: text })).status;

  test('the overview says what to do next', async () => {
    await heading('Overview');
    await admin.page.getByRole('heading', { name: 'Say who you are' }).waitFor();
    await look('integrator-overview-first');
  });

  test('the profile is declared, checked, and its changes are kept', async () => {
    await go('Profile');
    await admin.page.getByText('Practices miss something').waitFor();
    await press('Change');
    const fill = (label: string, text: string) =>
      admin.page.getByRole('textbox', { name: label }).fill(text);
    await fill('Legal name', AWKWARD);
    await fill('ABN', '51 824 753 557');
    await fill('Contact’s name', 'Zz Pat Privacy');
    await fill('Contact’s e-mail', 'privacy@vendor.example');
    await fill('Contact’s phone', '+61 3 5550 0100');
    await fill('Website', 'https://vendor.example');
    await fill('Countries', 'au, nz');
    await press('Add a company');
    await fill('Company 1', 'Zz Hosting');
    await fill('Country 1', 'au');
    await fill('Days that data is kept', '30');
    await fill('Retention in words', 'Appointments, then deleted.');
    await look('integrator-profile-form');
    await press('Save');
    // Nothing that was typed is lost by a mistake.
    await admin.page.getByText('must be an ABN').first().waitFor();
    expect(await admin.page.getByRole('textbox', { name: 'Company 1' }).inputValue()).toBe(
      'Zz Hosting',
    );
    await fill('ABN', '51 824 753 556');
    await press('Save');
    await admin.page.getByText('Australia, New Zealand').waitFor();
    expect(await admin.page.getByText(AWKWARD).first().isVisible()).toBe(true);
    await admin.page.getByText('Zz Ada Admin').first().waitFor();
    await look('integrator-profile');
  });

  test('a key is made with the passkey, shown once, and works', async () => {
    await go('API keys');
    await admin.page.getByText('first key').waitFor();
    await press('Make a key');
    await admin.page.getByLabel('Name').fill('Booking server');
    await look('integrator-key-form');
    await press('Continue');
    await press('Make key');
    await admin.page.getByRole('alertdialog', { name: 'Your new key' }).waitFor();
    key = (await admin.page.locator('.code-line code').first().textContent()) ?? '';
    expect(key).toMatch(/^ck_/);
    expect(await useKey(key)).toBe(200);
    await admin.page.keyboard.press('Escape');
    expect(await admin.page.getByText(key).isVisible()).toBe(true);
    await press('I have stored it');
    await admin.page.getByText('Booking server').waitFor();
    expect(await admin.page.content()).not.toContain(key);
    await look('integrator-keys');
  });

  test('a key is replaced, and one that is revoked stops', async () => {
    await admin.page.getByRole('button', { name: /^Replace Booking server/ }).click();
    await press('Replace key');
    await admin.page.getByRole('alertdialog', { name: 'Your new key' }).waitFor();
    const next = (await admin.page.locator('.code-line code').first().textContent()) ?? '';
    await press('I have stored it');
    expect([await useKey(key), await useKey(next)]).toEqual([200, 200]);
    await admin.page.getByText('Being replaced').waitFor();
    const keyId = next.split('_')[2] ?? '';
    await press(`Revoke Booking server ${keyId}`);
    await press('Revoke key');
    await admin.page.getByText('The key was revoked').waitFor();
    expect([await useKey(key), await useKey(next)]).toEqual([200, 401]);
  });

  test('a client is registered by its public key, and a later token opens what an earlier one asked', async () => {
    await go('OAuth clients');
    await admin.page.getByText('No client yet').waitFor();
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const own = createPrivateKey(privateKey);
    const { d, ...jwk } = await exportJWK(own);
    await press('Register a client');
    await admin.page.getByLabel('Name').fill('Signing server');
    await admin.page.getByLabel('Public keys').fill(JSON.stringify({ ...jwk, d }));
    await press('Continue');
    await admin.page.getByText('This is a private key').waitFor();
    await admin.page.getByLabel('Public keys').fill(JSON.stringify(jwk));
    await press('Continue');
    await admin.page.getByRole('alertdialog', { name: 'Register “Signing server”?' }).waitFor();
    await look('integrator-client-confirm');
    await press('Register client');
    await admin.page.getByRole('cell', { name: 'Signing server' }).first().waitFor();
    await look('integrator-clients');
    const clientId = (await admin.page.locator('td code').first().textContent()) ?? '';
    const [endpoint = '', audience = ''] = await admin.page
      .locator('.code-line code')
      .allTextContents();
    const secret = randomBytes(32).toString('base64url');
    const token = async () => {
      const now = Math.floor(Date.now() / 1_000);
      const claims = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 60 };
      const jwt = new SignJWT({ ...claims, jti: randomUUID() }).setProtectedHeader({
        alg: 'ES256',
      });
      const form = new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await jwt.sign(own),
        result_secret: secret,
      });
      const answer = await conduit.call('POST', new URL(endpoint).pathname, {
        key: '',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        raw: form.toString(),
      });
      return (answer.body as { access_token: string }).access_token;
    };
    const as = async () => ({ key: '', headers: { authorization: `Bearer ${await token()}` } });
    const made = await conduit.call('POST', `${conduit.queriesPath}/async`, {
      ...(await as()),
      body: { command: { text: 'SELECT 7 AS seven' } },
    });
    const { id } = made.body as { id: string };
    const later = await as();
    for (let status = ''; status !== 'successful';) {
      const answer = await conduit.call('GET', `${conduit.queriesPath}/${id}`, later);
      ({ status } = answer.body as { status: string });
      expect(['initialising', 'queued', 'executing', 'uploading', 'successful']).toContain(status);
    }
    const page = await conduit.call('GET', `${conduit.queriesPath}/${id}/results/1/stream`, later);
    expect(page.body).toEqual([{ seven: 7 }]);
  });

  test('sites show how they are and what is permitted', async () => {
    await go('Sites');
    await admin.page.getByText('Online', { exact: true }).waitFor();
    await admin.page.getByText('What is permitted, and its limits').click();
    await admin.page.getByText('What it may do').waitFor();
    await look('integrator-sites');
  });

  test('the snippets run as they are, by curl and by Node', async () => {
    await go('Snippets');
    const text = (label: string) =>
      admin.page.getByRole('region', { name: label, exact: true }).textContent();
    const settings = (await text('First, once, shell')) ?? '';
    await look('integrator-snippets');
    for (const title of ['Ask at once', 'Ask, and fetch it later', 'See what you used']) {
      const curl = (await text(`${title}, curl`)) ?? '';
      const shell = await inShell(`${settings}\n${curl}`);
      if (title.startsWith('Ask')) expect(shell).toContain('"works":1');
      else expect(JSON.parse(shell)).toHaveProperty('usage');
      await admin.page
        .getByRole('tablist', { name: title, exact: true })
        .getByRole('tab', { name: 'Node' })
        .click();
      const file = join(folder, 'snippet.mjs');
      writeFileSync(file, (await text(`${title}, node`)) ?? '');
      const node = await inShell(`${settings}\n'${process.execPath}' '${file}'`);
      expect(node).toContain(title.startsWith('Ask') ? 'works: 1' : 'usage');
    }
  });

  test('a statement is tried at the sandbox, under a key that is typed and kept nowhere', async () => {
    const { page } = admin;
    await go('Query console');
    await page.getByLabel('API key', { exact: true }).fill(key);
    const statement = page.getByRole('textbox', { name: 'Statement' });
    await statement.fill('SELECT TOP (3) INTERNALID, SURNAME FROM dbo.Patient WHERE 1 = @one');
    await page.getByRole('textbox', { name: 'Parameters' }).fill('@one Int 1');
    await press('Run');
    await page.getByText('3 rows', { exact: true }).waitFor();
    expect(await page.getByRole('row').count()).toBe(4);
    await look('integrator-query-console');
    await statement.fill(
      'SELECT TOP (10000) a.INTERNALID FROM dbo.Patient a CROSS JOIN dbo.Patient b WHERE 1 = @one',
    );
    await press('Run');
    await page.getByText('10,000 rows; the first 500 are shown').waitFor();
    await statement.fill('SELECT NoSuchColumn FROM dbo.Patient');
    await press('Run');
    await page.getByText('The database says: ').waitFor();
    await look('integrator-query-console-failed');
    await statement.fill(`SELECT COUNT(*) AS n FROM (${LONG_READ}) t`);
    await press('Run');
    await press('Cancel');
    await page.getByText('The statement was stopped at the database.').waitFor();
    await page.reload();
    expect(await page.getByLabel('API key', { exact: true }).inputValue()).toBe('');
    const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }])';
    expect(await page.evaluate(kept)).not.toContain(key);
  });

  /** As a person pastes it: the key is typed when it is asked for. */
  async function inShell(lines: string): Promise<string> {
    const { caFile } = conduit.conduit;
    const env = { ...process.env, CURL_CA_BUNDLE: caFile, NODE_EXTRA_CA_CERTS: caFile };
    const going = run('bash', ['-c', lines], { env, timeout: 30_000 });
    going.child.stdin?.end(`${key}\n`);
    return (await going).stdout;
  }

  test('a webhook is added, tested, and its log tells of it', async () => {
    await go('Webhooks');
    await admin.page.getByText('No endpoint yet').waitFor();
    await look('integrator-webhooks-first');
    await press('Add an endpoint');
    await admin.page.getByLabel('Address').fill(receiver.url);
    await admin.page.getByRole('button', { name: /Country/ }).click();
    await admin.page.getByRole('option', { name: 'New Zealand' }).click();
    await look('integrator-webhook-form');
    await press('Add endpoint');
    await admin.page.getByRole('alertdialog', { name: 'The endpoint’s secret' }).waitFor();
    await press('I have stored it');
    await go(receiver.url);
    await heading('Webhook');
    await admin.page.getByText('New Zealand', { exact: true }).waitFor();
    await press('Send a test');
    await admin.page.getByText('Delivered', { exact: true }).waitFor();
    expect(receiver.calls.map(({ path }) => path)).toEqual(['/hooks']);
    await press('Pause');
    await admin.page.getByText('Paused', { exact: true }).waitFor();
    await look('integrator-webhook');
  });

  test('a receipt leads to its proof, and one that never was says so', async () => {
    const { page } = admin;
    const answer = await conduit.query({ text: 'SELECT 1 AS one' }, {}, '', { key });
    const receipt = answer.headers['conduit-receipt'] as string;
    await go('Proofs');
    await heading('Proofs');
    await page.getByLabel('Receipt').fill('nonsense');
    await press('Find it');
    await page.getByText('A receipt looks like').waitFor();
    await look('integrator-proofs');
    await page
      .getByLabel('Receipt')
      .fill(receipt.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
    await press('Find it');
    await page.getByText('There is no such receipt of yours').waitFor();
    await page.getByRole('link', { name: 'Another receipt' }).click();
    await page.getByLabel('Receipt').fill(receipt);
    await press('Find it');
    await page.getByText('read data at').waitFor();
    await page.getByText('It can’t be changed or taken out unseen').waitFor();
    await look('integrator-receipt');
  });

  test('a developer is invited, and sees but does not make keys', async () => {
    await go('People');
    await press('Invite somebody');
    await press('Invite');
    await admin.page.getByRole('alertdialog', { name: 'Invited' }).waitFor();
    const link = (await admin.page.locator('.code-line code').first().textContent()) ?? '';
    await look('integrator-invited');
    await press('I have stored it');
    const developer = await browser.visit();
    await developer.acceptInvitation(link, 'Zz Dev Eloper');
    await developer.page.getByRole('link', { name: 'API keys', exact: true }).click();
    await developer.page.getByText('Booking server').first().waitFor();
    expect(await developer.page.getByRole('button', { name: 'Make a key' }).count()).toBe(0);
    expect(await developer.page.getByRole('button', { name: /^Revoke/ }).count()).toBe(0);
    await developer.close();
    await admin.page.reload();
    await admin.page.getByText('Zz Dev Eloper').waitFor();
    await look('integrator-people');
  });

  test('activity tells what software and people did', async () => {
    await go('Activity');
    await admin.page
      .getByRole('cell', { name: /read data at Zz Test Clinic/ })
      .first()
      .waitFor();
    await look('integrator-activity');
  });

  test('usage is drawn and tabled', async () => {
    await go('Usage');
    await admin.page.getByRole('heading', { name: 'By site' }).waitFor();
    await admin.page.getByRole('cell', { name: 'Zz Test Clinic' }).waitFor();
    await admin.page.locator('.recharts-surface').first().waitFor();
    await look('integrator-usage');
    await go('Overview');
    await admin.page.getByRole('heading', { name: 'What you can do' }).waitFor();
    await look('integrator-overview');
  });
});
