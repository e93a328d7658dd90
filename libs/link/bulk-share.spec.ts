/** Answers that may wait beside answers that may not, on one line. */
import { describe, expect, test } from '@jest/globals';
import type { LinkContext } from '#libs/link/link-context.js';
import { LinkClient } from '#libs/link/link-client.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair, type PretendSocket } from '#libs/link/socket-pair.fixture.js';

const WINDOW = 256 * 1024;
const PAGE = Buffer.alloc(100_000, 1);

interface Pair {
  client: LinkClient;
  socket: PretendSocket;
  /** Bytes that the serving side has given to its socket. */
  sentBytes(): number;
}

function aPair({ yields = true, pages = 50 } = {}): Pair {
  const { dialler, listener, diallerSocket } = aLinkPair();
  const server = new LinkServer();
  server.addHandler('bulk', (_request: unknown, context: LinkContext) => {
    if (yields) context.yieldToOthers();
    const body = (async function* () {
      for (let n = 0; n < pages; n += 1) yield PAGE;
    })();
    return Promise.resolve(new StreamedReply({ body, end: () => ({}) }));
  });
  server.addHandler('quick', () =>
    Promise.resolve(
      new StreamedReply({
        body: (async function* () {
          yield Buffer.from('quick');
        })(),
        end: () => ({}),
      }),
    ),
  );
  server.listen(() => {});
  server.attach(dialler, undefined);
  const sentBytes = (): number =>
    diallerSocket.messages.reduce((sum, { length }) => sum + length, 0);
  return { client: new LinkClient(listener), socket: diallerSocket, sentBytes };
}

const settled = async (): Promise<void> => {
  for (let n = 0; n < 50; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function take(pair: Pair, pattern: string): Promise<number> {
  const reply = await pair.client.request(pattern, {});
  let bytes = 0;
  for await (const fragment of reply.body) bytes += fragment.length;
  await reply.end;
  return bytes;
}

describe('replies that may wait', () => {
  test('have no more on their way together than one reply has that may not', async () => {
    const pair = aPair();
    // Nobody reads their bodies.
    await Promise.all(Array.from({ length: 4 }, () => pair.client.request('bulk', {})));
    await settled();
    expect(pair.sentBytes()).toBeGreaterThan(WINDOW * 0.7);
    expect(pair.sentBytes()).toBeLessThan(WINDOW * 1.1);
    const other = aPair({ yields: false });
    await Promise.all(Array.from({ length: 4 }, () => other.client.request('bulk', {})));
    await settled();
    expect(other.sentBytes()).toBeGreaterThan(WINDOW * 3.5);
  });

  test('have less on their way while others are served, and a moment after', async () => {
    const pair = aPair();
    await take(pair, 'quick');
    await pair.client.request('bulk', {});
    await settled();
    expect(pair.sentBytes()).toBeLessThan(WINDOW / 4);
  });

  test('let an answer pass that comes while they are sent', async () => {
    const pair = aPair();
    const bulk = Array.from({ length: 4 }, () => take(pair, 'bulk'));
    await settled();
    const before = pair.sentBytes();
    await take(pair, 'quick');
    // What was on its way already, and what followed while the answer travelled.
    expect(pair.sentBytes() - before).toBeLessThan(2 * WINDOW);
    expect(await Promise.all(bulk)).toEqual(Array(4).fill(50 * PAGE.length));
  });

  test('arrive whole although others are served all the time', async () => {
    const pair = aPair({ pages: 20 });
    let isOver = false;
    const bulk = take(pair, 'bulk').finally(() => (isOver = true));
    let served = 0;
    while (!isOver) {
      await take(pair, 'quick');
      served += 1;
    }
    expect(await bulk).toBe(20 * PAGE.length);
    expect(served).toBeGreaterThan(5);
  });

  test('do not stop for one whose reader has stopped', async () => {
    const pair = aPair({ pages: 20 });
    await pair.client.request('bulk', {});
    await settled();
    expect(await take(pair, 'bulk')).toBe(20 * PAGE.length);
  });
});
