import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { onSessionEnd, Problem, request, toProblem } from './request.js';

const browsersFetch = globalThis.fetch;
let answer: () => Promise<Response>;
let asked: { url: string; init: RequestInit }[];

beforeEach(() => {
  asked = [];
  globalThis.fetch = (url, init) => {
    asked.push({ url: String(url), init: init ?? {} });
    return answer();
  };
});

afterEach(() => {
  globalThis.fetch = browsersFetch;
});

const answers = (status: number, body: string | null) => {
  answer = () => Promise.resolve(new Response(body, { status }));
};

const problem = (status: number, code: string, more: object = {}): string =>
  JSON.stringify({ title: 'It is so.', status, code, remedy: 'Do this.', ...more });

const failureOf = async (call: Promise<unknown>): Promise<Problem> => {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Problem);
  return thrown as Problem;
};

describe('a call', () => {
  test('goes to our own origin, with JSON, and follows no redirect', async () => {
    answers(200, '{"a":1}');
    expect(await request('POST', '/step-up', { b: 2 })).toEqual({ a: 1 });
    expect(asked[0]?.url).toBe('/console/api/step-up');
    expect(asked[0]?.init).toMatchObject({
      method: 'POST',
      credentials: 'same-origin',
      redirect: 'error',
      body: '{"b":2}',
      headers: { 'content-type': 'application/json' },
    });
  });

  test('without a body sends none and says no type', async () => {
    answers(204, null);
    expect(await request('DELETE', '/session')).toBeUndefined();
    expect(asked[0]?.init.body).toBeUndefined();
    expect(asked[0]?.init.headers).not.toHaveProperty('content-type');
  });
});

describe('a failure', () => {
  test('has the words of the broker, and what to quote', async () => {
    answers(
      409,
      problem(409, 'X', { requestId: 'r1', errors: [{ field: 'name', problem: 'is too long' }] }),
    );
    const failure = await failureOf(request('GET', '/x'));
    expect(failure).toMatchObject({ title: 'It is so.', remedy: 'Do this.', requestId: 'r1' });
    expect(failure.fields).toEqual([{ field: 'name', problem: 'is too long' }]);
  });

  test.each([
    ['a page of a proxy', 502, '<html>Bad gateway</html>'],
    ['an empty answer', 500, ''],
    ['JSON of another shape', 400, '{"error":"x"}'],
    ['a login page with status 200', 200, '<html>Welcome to the airport</html>'],
  ])('%s is told as something in between', async (_what, status, body) => {
    answers(status, body);
    expect((await failureOf(request('GET', '/x'))).code).toBe('ANSWER_UNREADABLE');
  });

  test('no answer at all is told as no connection', async () => {
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    const failure = await failureOf(request('GET', '/x'));
    expect([failure.code, failure.status]).toEqual(['NO_CONNECTION', 0]);
  });

  test('a call that the page gave up is no failure to tell', async () => {
    const giveUp = new AbortController();
    giveUp.abort();
    answer = () => Promise.reject(giveUp.signal.reason as Error);
    await expect(request('GET', '/x', undefined, giveUp.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('whatever else was thrown says nothing of its own', () => {
    const shown = toProblem(new Error('secret inner words'));
    expect([shown.title, shown.remedy].join()).not.toContain('secret');
  });
});

describe('the end of a session', () => {
  test.each([
    [401, 'SESSION_MISSING', 1],
    [401, 'SESSION_EXPIRED', 1],
    [401, 'PASSKEY_REFUSED', 0],
    [403, 'SESSION_ORIGIN', 0],
  ])('%i %s is told %i times', async (status, code, times) => {
    let told = 0;
    const stop = onSessionEnd(() => (told += 1));
    answers(status, problem(status, code));
    await failureOf(request('GET', '/x'));
    stop();
    await failureOf(request('GET', '/x'));
    expect(told).toBe(times);
  });
});
