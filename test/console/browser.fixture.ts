/**
 * A real Chromium at a whole conduit's console, with a passkey authenticator that answers at once.
 * One visit is one person at one device. A visit that met a script error, a breach of the content
 * security policy or a request to another host fails when it is closed, whatever its test looked at.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { describe } from '@jest/globals';
import axeCore from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import type { PersonRole } from '#libs/console-api/session.js';
import { chromiumPath, trustedKeys } from '#test/console/chromium.fixture.js';
import { addAuthenticator, type Authenticator } from '#test/console/authenticator.fixture.js';
import { until } from '#test/support/settle.js';
import type { TestConduit } from '#test/support/start-conduit.js';

const screenshots = new URL('../../docs/screenshots/', import.meta.url).pathname;

/** Of one step of a test; a page answers in a tenth of a second when nothing else runs. */
const STEP_MS = 20_000;
const WIDE = { width: 1440, height: 900 };
/** Until what the page was told is painted. */
const TWO_FRAMES =
  'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';
/** Something is still being fetched, sent or left. */
const BUSY = '.loading, [aria-busy=true], [data-pending]';
/** More of a page than this is more of the same. */
const PICTURE_PX = 2_400;
const WALL = { width: 3840, height: 2160 };
const NARROW = { width: 320, height: 700 };

/** Tests that need a browser; where there is none they say so instead of passing. */
export const describeInBrowser: typeof describe = chromiumPath
  ? describe
  : (Object.assign((name: string, body: () => void) => {
      process.stderr.write(`SKIPPED, Chromium is not installed: ${name}\n`);
      describe.skip(name, body);
    }, describe) as typeof describe);

export interface InvitationWish {
  role: PersonRole;
  practiceId?: string;
  integratorId?: string;
  email?: string;
}

export interface VisitWishes {
  /** A browser without WebAuthn. */
  hasPasskeys?: boolean;
  viewport?: { width: number; height: number };
}

export class ConsoleBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly conduit: TestConduit,
  ) {}

  static async open(conduit: TestConduit): Promise<ConsoleBrowser> {
    const keys = await trustedKeys(conduit.conduit.apiOrigin, conduit.conduit.caFile);
    const browser = await chromium.launch({
      executablePath: chromiumPath ?? 'chromium',
      args: ['--no-sandbox', '--disable-gpu', `--ignore-certificate-errors-spki-list=${keys}`],
    });
    return new ConsoleBrowser(browser, conduit);
  }

  /** @returns the invitation's link, as the operator of the broker's machine makes it */
  async invite(wish: InvitationWish): Promise<string> {
    const { status, body } = await this.conduit.call('POST', '/operator/invitations', {
      key: '',
      headers: { authorization: `Bearer ${this.conduit.conduit.operatorToken}` },
      body: wish,
    });
    const { link } = body as { link?: string };
    if (link === undefined) throw new Error(`no invitation: ${status} ${JSON.stringify(body)}`);
    // In development links lead to plain HTTP on this machine; the tests go in as production does.
    const { pathname, hash } = new URL(link);
    return `${this.conduit.conduit.apiOrigin}${pathname}${hash}`;
  }

  async visit({ hasPasskeys = true, viewport = WIDE }: VisitWishes = {}): Promise<Visit> {
    const context = await this.browser.newContext({
      baseURL: this.conduit.conduit.apiOrigin,
      viewport,
      locale: 'en-AU',
      timezoneId: 'Australia/Melbourne',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(STEP_MS);
    if (!hasPasskeys) await context.addInitScript('delete window.PublicKeyCredential;');
    const page = await context.newPage();
    const authenticator = hasPasskeys ? await addAuthenticator(page) : undefined;
    return new Visit(context, page, authenticator);
  }

  /** One visit from beginning to end; what the browser complained of counts, and a failure shows the page. */
  async during(body: (visit: Visit) => Promise<void>, wishes: VisitWishes = {}): Promise<void> {
    const visit = await this.visit(wishes);
    try {
      await body(visit);
    } catch (error) {
      await this.tell(visit);
      await visit.context.close();
      throw error;
    }
    await visit.close();
  }

  /** All data of a test is made up, so it may be printed. */
  private async tell({ page, complaints }: Visit): Promise<void> {
    const seen = await page.evaluate('document.body.innerText').catch(() => '');
    const log = readFileSync(this.conduit.conduit.path('logs', 'broker.log'), 'utf8').split('\n');
    const failed = log.filter((line) => line.includes('"request.failed"'));
    const parts = [`The page as the test left it, ${page.url()}:`, seen, ...complaints, ...failed];
    process.stderr.write(`${parts.join('\n')}\n`);
  }

  /** Somebody new, through their invitation, up to their first page. */
  async newcomer(name: string, wish: InvitationWish): Promise<Visit> {
    const visit = await this.visit();
    await visit.acceptInvitation(await this.invite(wish), name);
    return visit;
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}

export class Visit {
  /** What must not happen on any page; a test that provokes something takes it out. */
  readonly complaints: string[] = [];
  /** Every request that the browser made, whole URLs. */
  readonly requests: string[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly authenticator: Authenticator | undefined,
  ) {
    context.on('request', (request) => this.requests.push(request.url()));
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() !== 'error' || text.startsWith('Failed to load resource')) return;
      this.complaints.push(text);
    });
  }

  async acceptInvitation(link: string, name: string): Promise<void> {
    await this.page.goto(link);
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Make a passkey and join' }).click();
    await this.page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  async signIn(): Promise<void> {
    await this.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await this.page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  /**
   * What axe finds serious or critical, light and dark, narrow and wide; and whether anything reaches
   * beyond the side of the screen, on a telephone, a desk or a wall. None: an empty list.
   */
  async audit(): Promise<string[]> {
    await this.settled();
    const found: string[] = [];
    for (const [colorScheme, size, rules] of [
      ['light', WIDE],
      ['dark', NARROW],
      // All else has been looked at in each size: it does not hang on colours.
      ['dark', WIDE, COLOURS],
      ['light', NARROW, COLOURS],
    ] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await this.page.setViewportSize(size);
      const where = `${colorScheme} ${size.width}`;
      for (const problem of await axe(this.page, rules)) found.push(`${where}: ${problem}`);
      if (await isTooWide(this.page)) found.push(`${where}: the page scrolls sideways`);
    }
    // Colours are the same there; what can go wrong is the width alone.
    await this.page.setViewportSize(WALL);
    await this.page.evaluate(TWO_FRAMES);
    if (await isTooWide(this.page)) found.push(`${WALL.width}: the page scrolls sideways`);
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await this.page.setViewportSize(WIDE);
    return found;
  }

  /** `docs/screenshots/<name>.png`, and `<name>-narrow.png` as a phone at night shows it. */
  async screenshot(name: string): Promise<void> {
    if (process.env['CONDUIT_SCREENSHOTS'] !== '1') return;
    mkdirSync(screenshots, { recursive: true });
    await this.settled();
    // What was done a moment ago would lie over what the picture is of.
    const dismiss = "document.querySelectorAll('.toast .button--quiet').forEach((x) => x.click())";
    await this.page.evaluate(dismiss);
    await this.without('.toast');
    await this.picture(`${screenshots}${name}.png`);
    await this.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await this.page.setViewportSize(NARROW);
    await this.picture(`${screenshots}${name}-narrow.png`);
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await this.page.setViewportSize(WIDE);
  }

  private async picture(path: string): Promise<void> {
    await this.page.evaluate(TWO_FRAMES);
    // A dialog covers the screen, not the page behind it.
    const dialogs = this.page.getByRole('dialog').or(this.page.getByRole('alertdialog'));
    if ((await dialogs.count()) > 0) {
      // What went wrong in it is what the picture is of.
      const wrong = "document.querySelector('[role$=dialog] [role=alert]')";
      await this.page.evaluate(`${wrong}?.scrollIntoView({ block: 'center' })`);
      await this.page.screenshot({ path });
      return;
    }
    const [width, height] = (await this.page.evaluate(
      '[document.documentElement.clientWidth, document.documentElement.scrollHeight]',
    )) as [number, number];
    const clip = { x: 0, y: 0, width, height: Math.min(height, PICTURE_PX) };
    await this.page.screenshot({ path, fullPage: true, clip });
  }

  /** The page that was gone to, with what it had to fetch: its heading alone is there sooner. */
  private settled(): Promise<void> {
    return this.without(BUSY);
  }

  private without(selector: string): Promise<void> {
    const isGone = `!document.querySelector('${selector}')`;
    return until(() => this.page.evaluate<boolean>(isGone), STEP_MS);
  }

  /** @throws when something happened that must not */
  async close(): Promise<void> {
    const { origin } = new URL(this.page.url());
    const strangers = this.requests.filter(
      (url) => /^https?:/.test(url) && !url.startsWith(origin),
    );
    await this.context.close();
    const found = [...this.complaints, ...strangers.map((url) => `asked another host: ${url}`)];
    if (found.length > 0) throw new Error(found.join('\n'));
  }
}

interface AxeViolation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

const COLOURS = ['color-contrast'] as const;

/** What axe finds serious or critical on the page as it is, by these rules or by all. */
export async function axe(page: Page, rules?: readonly string[]): Promise<string[]> {
  // A change of scheme or size is painted a frame later; before that, colours are of both.
  await page.evaluate(TWO_FRAMES);
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axeCore.source);
  const wishes = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const violations = (await page.evaluate(
    // The widget library's announcer keeps for seconds what it has said, of widgets that are gone.
    `axe.run({ exclude: ['[data-live-announcer]'] }, ${JSON.stringify(wishes)})
      .then(({ violations }) => violations)`,
  )) as AxeViolation[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
}

const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
