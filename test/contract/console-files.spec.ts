/** What the console's files are served with, and what is no file of the console. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PretendApi } from '#test/contract/api.fixture.js';

let api: PretendApi;

beforeAll(async () => {
  api = await PretendApi.start();
});

afterAll(() => api.stop());

const page = async (path: string) => (await api.call('GET', path)).text();

test.each(['/console', '/console/', '/console/sign-in', '/console/practices/x/requests?page=2'])(
  '%s is the page, asked for anew each time',
  async (path) => {
    const answer = await api.call('GET', path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(await answer.text()).toContain('<div id="root">');
  },
);

test('the page may run our own files and nothing else', async () => {
  const policy = (await api.call('GET', '/console')).headers.get('content-security-policy') ?? '';
  const directives = Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources.join(' ')];
    }),
  );
  expect(directives).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'connect-src': "'self'",
    'font-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  });
});

test('the page holds no script and no style of its own, and names no other host', async () => {
  const html = await page('/console');
  expect(html).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=/);
  const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
  expect(addresses.length).toBeGreaterThan(2);
  for (const address of addresses) expect(address).toMatch(/^\/console\/assets\/[\w-]+\.\w+$/);
});

test('a file whose name carries its hash is kept for good, and compressed', async () => {
  const [script = ''] = /\/console\/assets\/[\w-]+\.js/.exec(await page('/console')) ?? [];
  const answer = await api.call('GET', script, { headers: { 'accept-encoding': 'br' } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(answer.headers.get('content-encoding')).toBe('br');
  expect(answer.headers.get('content-type')).toContain('javascript');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
});

test.each([
  '/console/api/nothing',
  '/console/assets',
  '/console/assets/nothing-AbCd1234.js',
  '/console/assets/..%2findex.html',
  '/console/assets/%2e%2e/%2e%2e/apps/broker/src/main.js',
  '/console/assets/.hidden.js',
  '/console/assets/index.html',
])('%s is nothing', async (path) => {
  expect(await statusOf(path)).toBe(404);
});

test.each([
  '/console/../../package.json',
  '/console/%2e%2e/%2e%2e/package.json',
  '/console/..%2f..%2fpackage.json',
  '/console//etc/passwd',
])('%s leads out of the folder to no file', async (path) => {
  const body = await bodyOf(path);
  expect(body).not.toContain('"devDependencies"');
  expect(body).not.toContain('root:');
});

/** As it is written: fetch would tidy the path up. */
function ask(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const asked = httpRequest({ hostname, port, path }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

const statusOf = async (path: string): Promise<number> => (await ask(path)).status;
const bodyOf = async (path: string): Promise<string> => (await ask(path)).body;
