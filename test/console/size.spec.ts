/**
 * What the first page of a practice costs to load, and where it comes from. Measured in the browser:
 * the bytes that came over the wire, compressed, of everything loaded until the page stands.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleBrowser, describeInBrowser } from '#test/console/browser.fixture.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const FIRST_LOAD_GZIP_BYTES = 250_000;

describeInBrowser('the first load of a practice’s page', () => {
  let conduit: TestConduit;
  let browser: ConsoleBrowser;

  beforeAll(async () => {
    conduit = await startConduit({ approval: 'none' });
    browser = await ConsoleBrowser.open(conduit);
  });

  afterAll(async () => {
    await browser?.close();
    await conduit?.stop();
  });

  test('is below 250 KB gzipped, and nothing comes from another host', () =>
    browser.during(async (visit) => {
      const { page, context, requests } = visit;
      await visit.acceptInvitation(
        await browser.invite({ role: 'practice-owner', practiceId: conduit.practiceId }),
        'Zz Olive Owner',
      );
      // A tab that has nothing yet, with the session of the other one.
      const fresh = await context.newPage();
      const files = new Map<string, Promise<Buffer>>();
      fresh.on('response', (response) => {
        if (response.url().includes('/console/')) files.set(response.url(), response.body());
      });
      await fresh.goto(page.url());
      await fresh.getByRole('button', { name: 'Sign out' }).waitFor();
      await fresh.waitForLoadState('networkidle');
      const sizes = await Promise.all(
        [...files].map(async ([url, body]) => ({ url, bytes: gzipSync(await body).length })),
      );
      expect(sizes.length).toBeGreaterThan(3);
      const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
      process.stdout.write(
        `First load of a practice's page: ${Math.round(total / 1_000)} KB gzipped\n`,
      );
      expect(total).toBeLessThan(FIRST_LOAD_GZIP_BYTES);
      // Chart and QR code come when they are needed.
      expect(sizes.filter(({ url }) => /chart|qr/.test(url))).toEqual([]);
      const { origin } = new URL(page.url());
      expect(requests.filter((url) => !url.startsWith(origin))).toEqual([]);
    }));

  test('what the policy forbids is refused by the browser, and noticed', () =>
    browser.during(async ({ page, complaints }) => {
      await page.goto('/console/sign-in');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      const attempts = {
        style: `document.head.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))`,
        script: `document.head.append(Object.assign(document.createElement('script'), { src: 'https://example.org/x.js' }))`,
        markup: `document.body.insertAdjacentHTML('beforeend', '<p>x</p>')`,
        call: `fetch('https://example.org').catch(() => undefined)`,
      };
      for (const attempt of Object.values(attempts)) {
        const noticed = page.waitForEvent('console', (message) => message.type() === 'error');
        await page.evaluate(`(() => { try { ${attempt} } catch {} })()`);
        await noticed;
        expect(complaints.splice(0).join()).toMatch(
          /Content Security Policy|TrustedHTML|TrustedScriptURL/,
        );
      }
    }));

  test('files are compressed, kept for good, and the page itself is asked for anew', () =>
    browser.during(async ({ page }) => {
      const seen: Record<string, string>[] = [];
      page.on('response', (response) => seen.push({ url: response.url(), ...response.headers() }));
      await page.goto('/console/sign-in');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      const assets = seen.filter(({ url }) => url?.includes('/console/assets/'));
      expect(assets.length).toBeGreaterThan(2);
      for (const asset of assets) {
        expect(asset['cache-control']).toBe('public, max-age=31536000, immutable');
        expect(asset['content-encoding']).toMatch(/^(br|gzip)$/);
      }
      expect(seen[0]?.['cache-control']).toBe('no-cache');
    }));
});
