import { once } from 'node:events';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import type { ConduitError } from '#libs/errors/conduit-error.js';
import { FixtureAuthority, type PemPair } from '#libs/link/certificates.fixture.js';
import type { Link } from '#libs/link/link.js';
import { LinkClient } from '#libs/link/link-client.js';
import { type DiallerOptions, type DiallerState, LinkDialler } from '#libs/link/link-dialler.js';
import { type LinkListener, listenForLinks } from '#libs/link/listen.js';

describe('LinkDialler', () => {
  let authority: FixtureAuthority;
  let broker: PemPair;
  let agent: PemPair;
  let listener: LinkListener<string>;
  let verdict: { peer: string } | { refuse: ErrorCode };
  const diallers: LinkDialler[] = [];

  beforeAll(async () => {
    authority = await FixtureAuthority.create();
    [broker, agent] = await Promise.all([authority.server(), authority.agent()]);
  });

  beforeEach(async () => {
    verdict = { peer: 'agent-1' };
    listener = await listening(0);
  });

  afterEach(async () => {
    for (const dialler of diallers.splice(0)) await dialler.stop();
    await listener.close(0);
  });

  function listening(port: number): Promise<LinkListener<string>> {
    const authorise = (): Promise<typeof verdict> => Promise.resolve(verdict);
    return listenForLinks({ ...broker, ca: authority.ca, port, host: '127.0.0.1', authorise });
  }

  function aDialler(options: Partial<DiallerOptions> = {}): LinkDialler {
    const { port } = listener;
    const target = (): { host: string; port: number; ca: string } & PemPair => ({
      host: '127.0.0.1',
      port,
      ca: authority.ca,
      ...agent,
    });
    const dialler = new LinkDialler({ target, baseWaitMs: 5, maxWaitMs: 50, ...options });
    diallers.push(dialler);
    return dialler;
  }

  async function nextLink(dialler: LinkDialler): Promise<Link> {
    return ((await once(dialler, 'link')) as [Link])[0];
  }

  test('goes through connecting to connected and stops when told', async () => {
    const dialler = aDialler();
    const states: DiallerState[] = [];
    dialler.on('state', (state) => states.push(state));
    dialler.start();
    const link = await nextLink(dialler);
    expect(dialler.link).toBe(link);
    await dialler.stop();
    expect(states).toEqual(['connecting', 'connected', 'stopped']);
    expect(link.state).toBe('closed');
    expect(dialler.link).toBeUndefined();
  });

  test('dials again when the link is cut', async () => {
    const dialler = aDialler();
    dialler.start();
    const first = await nextLink(dialler);
    const second = nextLink(dialler);
    listener.destroy(() => true);
    expect(await second).not.toBe(first);
    expect(dialler.state).toBe('connected');
  });

  test('keeps trying while the broker is down, names the reason, and comes back with it', async () => {
    const dialler = aDialler();
    dialler.start();
    await nextLink(dialler);
    const { port } = listener;
    const failed = once(dialler, 'failed') as Promise<[ConduitError, { waitMs: number }]>;
    await listener.close(0);
    const [error, { waitMs }] = await failed;
    expect(error.code).toBe('HOST_REFUSED');
    expect(waitMs).toBeGreaterThanOrEqual(5);
    const back = nextLink(dialler);
    listener = await listening(port);
    expect((await back).state).toBe('open');
  });

  test('waits longer after the broker refused this agent by name', async () => {
    verdict = { refuse: 'AGENT_QUARANTINED' };
    const dialler = aDialler({ refusedWaitMs: 10_000 });
    const failed = once(dialler, 'failed') as Promise<[ConduitError, { waitMs: number }]>;
    dialler.start();
    const [error, { waitMs }] = await failed;
    expect(error.code).toBe('AGENT_QUARANTINED');
    expect(waitMs).toBeGreaterThanOrEqual(8_000);
    expect(dialler.state).toBe('waiting');
  });

  test('has a fresh link while a draining one still finishes its requests', async () => {
    const dialler = aDialler();
    const accepted = once(listener, 'link') as Promise<[Link, string]>;
    dialler.start();
    const old = await nextLink(dialler);
    const [far] = await accepted;
    let finish: () => void = () => undefined;
    const served = new Promise<void>((resolve) => {
      old.accept((stream) => {
        finish = (): void => stream.sendEnd(Buffer.from('{"done":true}'));
        stream.listen({
          message: () => resolve(),
          fragment: () => undefined,
          cut: () => undefined,
        });
      });
    });
    const answer = new LinkClient(far).request('any', {});
    await served;
    const fresh = nextLink(dialler);
    const drained = far.drain(10_000);
    expect((await fresh).state).toBe('open');
    expect(old.state).toBe('draining');
    finish();
    expect(await (await answer).end).toEqual({ done: true });
    await drained;
    expect(dialler.state).toBe('connected');
  });

  test('replaces its link on request and drains the former', async () => {
    const dialler = aDialler();
    dialler.start();
    const old = await nextLink(dialler);
    const closed = once(old, 'close');
    dialler.redial();
    const fresh = await nextLink(dialler);
    expect(dialler.link).toBe(fresh);
    expect(await closed).toEqual([{ reason: 'drained' }]);
    expect(dialler.state).toBe('connected');
  });

  test('a listener that closes lets running requests finish and turns newcomers away', async () => {
    const dialler = aDialler();
    const accepted = once(listener, 'link') as Promise<[Link, string]>;
    dialler.start();
    const near = await nextLink(dialler);
    const [far] = await accepted;
    near.accept((stream) => {
      stream.listen({
        message: () => setTimeout(() => stream.sendEnd(Buffer.from('{}')), 30),
        fragment: () => undefined,
        cut: () => undefined,
      });
    });
    const answer = new LinkClient(far).request('any', {});
    await listener.close(10_000);
    expect(await (await answer).end).toEqual({});
    expect(far.state).toBe('closed');
  });
});
