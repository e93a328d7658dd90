import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { BATCH_BYTES, FRAGMENT_BYTES, FrameType } from '#libs/link/frame.js';
import { HeartbeatWheel } from '#libs/link/heartbeat-wheel.js';
import type { Link } from '#libs/link/link.js';
import { LinkClient } from '#libs/link/link-client.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { decodeRequest } from '#libs/link/link-request.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import { RawPeer, settled } from '#libs/link/raw-peer.fixture.js';
import { sendReply } from '#libs/link/send-reply.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';

interface Supply {
  /** Fragments handed to the link so far. */
  pulled: number;
}

/** Answers `big` with that many fragments of 16 KiB, and anything else with a small trailer. */
function answering(link: Link): Supply {
  const supply = { pulled: 0 };
  const fragment = Buffer.alloc(16 * 1024, 'x');
  link.accept((stream) => {
    stream.listen({
      message: (_kind, payload) => {
        const { pattern, meta } = decodeRequest(payload);
        const body = async function* (): AsyncGenerator<Buffer> {
          for (let i = 0; i < Number(meta['fragments']); i++) {
            supply.pulled++;
            yield fragment;
          }
        };
        const reply = pattern === 'big' ? new StreamedReply({ body: body(), end: () => ({}) }) : {};
        void sendReply(stream, reply);
      },
      fragment: () => undefined,
      cut: () => undefined,
    });
  });
  return supply;
}

/** Accepts streams and never answers. */
function silent(link: Link): LinkStream[] {
  const streams: LinkStream[] = [];
  link.accept((stream) => {
    streams.push(stream);
    stream.listen({ message: () => undefined, fragment: () => undefined, cut: () => undefined });
  });
  return streams;
}

describe('flow control', () => {
  test('a reader that stops holds one window and delays nobody else', async () => {
    const { dialler, listener } = aLinkPair();
    const supply = answering(dialler);
    const client = new LinkClient(listener);
    const slow = await client.request('big', { fragments: 10_000 });
    await settled();
    const pulled = supply.pulled;
    // One window on the way, the stream's own queue and the fragment in hand.
    expect(pulled * 16 * 1024).toBeLessThanOrEqual(256 * 1024 + 64 * 1024 + 16 * 1024);
    for (let i = 0; i < 20; i++) await (await client.request('small', {})).end;
    expect(supply.pulled).toBe(pulled);
    let bytes = 0;
    for await (const fragment of slow.body) bytes += fragment.length;
    expect(bytes).toBe(10_000 * 16 * 1024);
  });

  test('a stalled socket is given no more than its high-water mark and one batch', async () => {
    const { dialler, listener, diallerSocket } = aLinkPair();
    answering(dialler);
    const client = new LinkClient(listener);
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => client.request('big', { fragments: 100 })),
    );
    diallerSocket.stall();
    const reading = replies.map(async (reply) => {
      let bytes = 0;
      for await (const fragment of reply.body) bytes += fragment.length;
      return bytes;
    });
    await settled();
    expect(diallerSocket.bufferedAmount).toBeLessThanOrEqual(
      128 * 1024 + BATCH_BYTES + FRAGMENT_BYTES + 64,
    );
    diallerSocket.resume();
    expect(new Set(await Promise.all(reading))).toEqual(new Set([100 * 16 * 1024]));
  });

  test('a small answer overtakes a large one that is being written', async () => {
    const { dialler, listener } = aLinkPair();
    answering(dialler);
    const client = new LinkClient(listener);
    const large = await client.request('big', { fragments: 2_000 });
    let largeIsOver = false;
    const reading = (async () => {
      for await (const fragment of large.body) void fragment;
      largeIsOver = true;
    })();
    await (
      await client.request('small', {})
    ).end;
    expect(largeIsOver).toBe(false);
    await reading;
  });

  test('frames that arise in one turn leave in one message', async () => {
    const { dialler, listener, listenerSocket } = aLinkPair();
    answering(dialler);
    const client = new LinkClient(listener);
    await Promise.all(Array.from({ length: 50 }, () => client.request('small', {})));
    expect(listenerSocket.messages).toHaveLength(1);
  });
});

describe('heartbeat', () => {
  test('a silent peer is asked once and found dead within 30 ticks', async () => {
    const wheel = new HeartbeatWheel(0);
    const peer = new RawPeer({ wheel });
    wheel.advance(16);
    await settled();
    expect(peer.framesOf(FrameType.ping)).toHaveLength(1);
    expect(peer.closure).toBeUndefined();
    wheel.advance(14);
    expect(peer.closure).toEqual({ reason: 'silent' });
  });

  test('two idle links keep each other alive', async () => {
    const wheel = new HeartbeatWheel(0);
    const { dialler, listener } = aLinkPair({ wheel });
    for (let i = 0; i < 100; i++) {
      wheel.advance();
      await settled();
    }
    expect([dialler.state, listener.state]).toEqual(['open', 'open']);
  });

  test('a link that breaks without a word is found dead at both ends', async () => {
    const wheel = new HeartbeatWheel(0);
    const { dialler, listener, diallerSocket, listenerSocket } = aLinkPair({ wheel });
    silent(listener);
    const answer = new LinkClient(dialler).request('small', {});
    await settled();
    diallerSocket.stall();
    listenerSocket.stall();
    wheel.advance(30);
    expect([dialler.state, listener.state]).toEqual(['closed', 'closed']);
    await expect(answer).rejects.toMatchObject({
      code: 'LINK_CLOSED',
      facts: { reason: 'silent' },
    });
  });
});

describe('drain', () => {
  test('running requests finish, new ones are refused, then both ends close', async () => {
    const { dialler, listener } = aLinkPair();
    answering(dialler);
    const client = new LinkClient(listener);
    const running = await client.request('big', { fragments: 100 });
    const goneAway = once(dialler, 'goaway');
    const drained = listener.drain(10_000);
    await goneAway;
    expect(dialler.state).toBe('draining');
    for (const link of [listener, dialler]) {
      await expect(new LinkClient(link).request('small', {})).rejects.toMatchObject({
        code: 'LINK_REFUSED',
      });
    }
    const closed = once(dialler, 'close');
    let bytes = 0;
    for await (const fragment of running.body) bytes += fragment.length;
    expect(bytes).toBe(100 * 16 * 1024);
    expect(await running.end).toEqual({});
    await drained;
    expect(await closed).toEqual([{ reason: 'drained' }]);
  });

  test('a request that crosses the goaway is refused, which says that nothing was done', async () => {
    const { dialler, listener } = aLinkPair();
    silent(listener);
    const answer = new LinkClient(dialler).request('small', {});
    const idle = new LinkClient(listener).request('small', {});
    void listener.drain(10_000);
    await expect(answer).rejects.toMatchObject({ code: 'LINK_REFUSED' });
    await expect(idle).rejects.toMatchObject({ code: 'LINK_REFUSED' });
  });

  test('what still runs at the deadline is cut', async () => {
    const { dialler, listener } = aLinkPair();
    silent(dialler);
    const answer = new LinkClient(listener).request('small', {});
    const rejected = expect(answer).rejects.toMatchObject({ code: 'LINK_CLOSED' });
    await settled();
    await listener.drain(20);
    await rejected;
  });

  test('a link whose stream ids run out drains itself', async () => {
    const { dialler, listener } = aLinkPair({ maxStreamId: 7 });
    answering(listener);
    const closed = once(dialler, 'close');
    const client = new LinkClient(dialler);
    for (let i = 0; i < 4; i++) await (await client.request('small', {})).end;
    await expect(client.request('small', {})).rejects.toMatchObject({
      code: expect.stringMatching(/^LINK_(REFUSED|CLOSED)$/),
    });
    expect(await closed).toEqual([{ reason: 'drained' }]);
  });
});

describe('streams', () => {
  test('a request cancelled before it left costs no frame', async () => {
    const { dialler, diallerSocket } = aLinkPair();
    const controller = new AbortController();
    const answer = new LinkClient(dialler).request('small', {}, undefined, {
      signal: controller.signal,
    });
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_GONE' });
    await settled();
    expect(diallerSocket.messages).toHaveLength(0);
  });

  test('requests are refused until somebody accepts them', async () => {
    const { dialler } = aLinkPair();
    await expect(new LinkClient(dialler).request('small', {})).rejects.toMatchObject({
      code: 'LINK_REFUSED',
    });
  });

  test('a request above the limit of the other side fails by name', async () => {
    const { dialler, listener } = aLinkPair({ maxRequestBytes: 100_000 });
    silent(listener);
    const answer = new LinkClient(dialler).request('small', {}, Buffer.alloc(200_000));
    await expect(answer).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect(listener.assembly.usedBytes).toBe(0);
  });

  test('a trailer above the limit fails by name', async () => {
    const { dialler, listener } = aLinkPair({ maxTrailerBytes: 100_000 });
    const streams = silent(listener);
    const answer = new LinkClient(dialler).request('small', {});
    const rejected = expect(answer).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    await settled();
    streams[0]?.sendEnd(Buffer.alloc(200_000));
    await rejected;
    await settled();
    expect([dialler.activeStreams, listener.activeStreams]).toEqual([0, 0]);
  });

  test('a trailer of several megabytes arrives whole', async () => {
    const { dialler, listener } = aLinkPair();
    const streams = silent(listener);
    const answer = new LinkClient(dialler).request('small', {});
    await settled();
    streams[0]?.sendEnd(Buffer.from(JSON.stringify({ text: 'y'.repeat(5_000_000) })));
    expect(((await (await answer).end) as { text: string }).text).toHaveLength(5_000_000);
  });

  test('a trailer that is no JSON object is a breach by the other side', async () => {
    const { dialler, listener } = aLinkPair();
    const streams = silent(listener);
    const answer = new LinkClient(dialler).request('small', {});
    await settled();
    streams[0]?.sendEnd(Buffer.from('[]'));
    await expect(answer).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  });

  test('an error with a code or facts that nobody knows is not passed on', async () => {
    const { dialler, listener } = aLinkPair();
    const streams = silent(listener);
    const client = new LinkClient(dialler);
    const unknown = client.request('small', {});
    const strange = client.request('small', {});
    await settled();
    streams[0]?.sendError(Buffer.from('{"code":"toString"}'));
    streams[1]?.sendError(
      Buffer.from('{"code":"SITE_PAUSED","facts":{"limit":3,"host":7,"secret":"x"}}'),
    );
    await expect(unknown).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
    await expect(strange).rejects.toMatchObject({ code: 'SITE_PAUSED', facts: { limit: 3 } });
    await expect(strange).rejects.not.toMatchObject({ facts: { secret: 'x' } });
  });

  test('a lost connection fails every request that runs', async () => {
    const { dialler, listener, listenerSocket } = aLinkPair();
    silent(listener);
    const client = new LinkClient(dialler);
    const answers = Promise.allSettled(
      Array.from({ length: 10 }, () => client.request('small', {})),
    );
    await settled();
    listenerSocket.terminate();
    const codes = (await answers).map((answer) => (answer as PromiseRejectedResult).reason.code);
    expect(codes).toEqual(Array(10).fill('LINK_CLOSED'));
    expect(dialler.activeStreams).toBe(0);
  });
});
