import { describe, expect, test } from '@jest/globals';
import { FIN, FrameType, Kind, ResetReason } from '#libs/link/frame.js';
import type { LinkOptions } from '#libs/link/link.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import { RawPeer, settled, u32 } from '#libs/link/raw-peer.fixture.js';

const REQUEST = FIN | Kind.request;
const payload = Buffer.from('request');

/** A raw peer whose link accepts streams and keeps them. */
function accepting(options: Partial<LinkOptions> = {}): { peer: RawPeer; streams: LinkStream[] } {
  const peer = new RawPeer(options);
  const streams: LinkStream[] = [];
  peer.link.accept((stream) => {
    stream.listen({ message: () => undefined, fragment: () => undefined, cut: () => undefined });
    streams.push(stream);
  });
  return { peer, streams };
}

/** What the link under test has asked of the raw peer. */
async function asking(): Promise<RawPeer> {
  const { peer } = accepting();
  peer.link.open([payload], {
    message: () => undefined,
    fragment: () => undefined,
    cut: () => undefined,
  });
  await settled();
  return peer;
}

const closed = (detail: string): object => ({ reason: 'protocol', detail });

describe('a hostile peer loses the link', () => {
  test.each<[string, number, number, number, Buffer, string]>([
    ['an unknown frame type', 9, 0, 1, payload, 'unknown frame type'],
    ['unknown flags on an open', FrameType.open, 0x40, 1, payload, 'unknown flags'],
    ['an unknown kind', FrameType.open, FIN | 7, 1, payload, 'unknown flags'],
    [
      'an open that is no request',
      FrameType.open,
      FIN | Kind.body,
      1,
      payload,
      'open without a request',
    ],
    ['stream id zero', FrameType.open, REQUEST, 0, payload, 'stream id missing'],
    [
      'a stream id of the wrong side',
      FrameType.open,
      REQUEST,
      2,
      payload,
      'stream id of the wrong side',
    ],
    [
      'data on a stream nobody opened',
      FrameType.data,
      REQUEST,
      1,
      payload,
      'data on an unopened stream',
    ],
    [
      'data on a stream this side has not opened',
      FrameType.data,
      REQUEST,
      2,
      payload,
      'data on an unopened stream',
    ],
    [
      'a reset of a stream nobody opened',
      FrameType.reset,
      0,
      1,
      Buffer.of(1),
      'reset of an unopened stream',
    ],
    ['credit for a stream nobody opened', FrameType.credit, 0, 1, u32(1), 'credit never used'],
    ['credit of a wrong length', FrameType.credit, 0, 1, Buffer.alloc(3), 'wrong length'],
    ['a reset of a wrong length', FrameType.reset, 0, 1, Buffer.alloc(2), 'wrong length'],
    ['a ping with a stream id', FrameType.ping, 0, 1, Buffer.alloc(0), 'stream id not allowed'],
    ['a ping with a payload', FrameType.ping, 0, 0, payload, 'wrong length'],
    [
      'a fragment that is too long',
      FrameType.open,
      REQUEST,
      1,
      Buffer.alloc(32 * 1024 + 1),
      'fragment too long',
    ],
  ])('after %s', async (_title, type, flags, id, bytes, detail) => {
    const { peer } = accepting();
    await peer.send(type, flags, id, bytes);
    expect(peer.closure).toEqual(closed(detail));
  });

  test.each<[string, Buffer, string]>([
    ['an empty message', Buffer.alloc(0), 'empty message'],
    ['a truncated header', Buffer.alloc(7), 'truncated header'],
    [
      'a length beyond the message',
      Buffer.from([1, 128, 0, 9, 0, 0, 0, 1, 0]),
      'truncated payload',
    ],
  ])('after %s', async (_title, message, detail) => {
    const { peer } = accepting();
    await peer.sendBytes(message);
    expect(peer.closure).toEqual(closed(detail));
  });

  test('after a text message', async () => {
    const { peer } = accepting();
    await peer.sendText('{}');
    expect(peer.closure).toEqual(closed('text message'));
  });

  test('after using a stream id again', async () => {
    const { peer } = accepting();
    await peer.send(FrameType.open, REQUEST, 3, payload);
    await peer.send(FrameType.open, REQUEST, 1, payload);
    expect(peer.closure).toEqual(closed('stream id used again'));
  });

  test('after a second request on one stream', async () => {
    const { peer } = accepting();
    await peer.send(FrameType.open, REQUEST, 1, payload);
    await peer.send(FrameType.data, REQUEST, 1, payload);
    expect(peer.closure).toEqual(closed('message out of order'));
  });

  test('after data beyond the credit', async () => {
    const held = await asking();
    for (let i = 0; i < 7; i++)
      await held.send(FrameType.data, Kind.body, 2, Buffer.alloc(32 * 1024));
    expect(held.closure).toBeUndefined();
    await held.send(FrameType.data, Kind.body, 2, Buffer.alloc(32 * 1024));
    expect(held.closure).toEqual(closed('data beyond credit'));
  });

  test('after empty fragments without end', async () => {
    const peer = await asking();
    for (let i = 0; i < 4096 && peer.closure === undefined; i++) {
      void peer.send(FrameType.data, Kind.body, 2);
    }
    await settled();
    expect(peer.closure).toBeUndefined();
    await peer.send(FrameType.data, Kind.body, 2);
    expect(peer.closure).toEqual(closed('data beyond credit'));
  });

  test.each([
    ['more credit than was used', u32(100_000)],
    ['an overflowing credit', u32(0xffff_ffff)],
    ['a credit of nothing', u32(0)],
  ])('after %s', async (_title, credit) => {
    const peer = await asking();
    await peer.send(FrameType.credit, 0, 2, credit);
    expect(peer.closure).toEqual(closed('credit overflow'));
  });

  test.each<[string, number, number]>([
    ['a body fragment that claims to be the last', FIN | Kind.body, 0],
    ['a request in place of a reply', REQUEST, 0],
    ['a head behind a body', FIN | Kind.head, 1],
    ['another kind inside an unfinished message', FIN | Kind.end, 2],
  ])('after %s', async (_title, flags, before) => {
    const peer = await asking();
    if (before === 1) await peer.send(FrameType.data, Kind.body, 2, payload);
    if (before === 2) await peer.send(FrameType.data, Kind.head, 2, payload);
    expect(peer.closure).toBeUndefined();
    await peer.send(FrameType.data, flags, 2, payload);
    expect(peer.closure?.reason).toBe('protocol');
  });

  test('after more late data than its credit had allowed', async () => {
    const { peer, streams } = accepting();
    await peer.send(FrameType.open, Kind.request, 1, payload);
    streams[0]?.reset(ResetReason.internal);
    for (let i = 0; i < 7; i++)
      await peer.send(FrameType.data, Kind.request, 1, Buffer.alloc(32 * 1024));
    expect(peer.closure).toBeUndefined();
    await peer.send(FrameType.data, Kind.request, 1, Buffer.alloc(32 * 1024));
    expect(peer.closure).toEqual(closed('data on a closed stream'));
  });

  test.each<[string, (peer: RawPeer, i: number) => void]>([
    ['pings', (peer) => void peer.send(FrameType.ping, 0, 0)],
    ['pongs', (peer) => void peer.send(FrameType.pong, 0, 0)],
    [
      'opens that are reset at once',
      (peer, i) => {
        void peer.send(FrameType.open, REQUEST, 2 * i + 1, payload);
        void peer.send(FrameType.reset, 0, 2 * i + 1, Buffer.of(ResetReason.cancelled));
      },
    ],
  ])('after a flood of %s', async (_title, send) => {
    const { peer } = accepting({ maxStrikes: 50 });
    for (let i = 0; i < 50; i++) send(peer, i);
    await settled();
    expect(peer.closure).toBeUndefined();
    send(peer, 50);
    await settled();
    expect(peer.closure).toEqual(closed('flood'));
  });

  test('after a flood among honest requests, each of which makes up for one strike and no more', async () => {
    const { peer, streams } = accepting({ maxStrikes: 50 });
    const ping = (): Promise<void> => peer.send(FrameType.ping, 0, 0);
    const ask = async (i: number, isAnswered: boolean): Promise<void> => {
      await peer.send(FrameType.open, REQUEST, 2 * i + 1, payload);
      if (isAnswered) streams.at(-1)?.sendEnd(payload);
      await settled();
    };
    for (let i = 0; i < 50; i++) await ping();
    for (let i = 0; i < 100; i++) {
      await ask(i, true);
      await ping();
      expect(peer.closure).toBeUndefined();
    }
    // One that is still open, or was cut, makes up for nothing.
    await ask(100, false);
    streams.at(-1)?.reset(ResetReason.internal);
    await ping();
    expect(peer.closure).toEqual(closed('flood'));
  });

  test('after a flood of opens beyond the cap', async () => {
    const { peer, streams } = accepting({ maxStrikes: 50, maxInboundStreams: 10 });
    for (let i = 0; i < 100; i++) void peer.send(FrameType.open, REQUEST, 2 * i + 1, payload);
    await settled();
    expect(streams).toHaveLength(10);
    expect(peer.closure).toEqual(closed('flood'));
    expect(peer.link.activeStreams).toBe(0);
  });
});

describe('a peer that only overdoes it loses the stream', () => {
  test('a request above the cap of concurrent streams is refused', async () => {
    const { peer } = accepting({ maxInboundStreams: 1 });
    await peer.send(FrameType.open, REQUEST, 1, payload);
    await peer.send(FrameType.open, REQUEST, 3, payload);
    expect(peer.framesOf(FrameType.reset)).toMatchObject([
      { id: 3, payload: Buffer.of(ResetReason.refused) },
    ]);
    expect(peer.link.activeStreams).toBe(1);
  });

  test('a request that is too large is reset and its bytes forgotten', async () => {
    const { peer } = accepting({ maxRequestBytes: 50_000 });
    await peer.send(FrameType.open, Kind.request, 1, Buffer.alloc(30_000));
    expect(peer.link.assembly.usedBytes).toBe(30_000);
    await peer.send(FrameType.data, Kind.request, 1, Buffer.alloc(30_000));
    expect(peer.framesOf(FrameType.reset)).toMatchObject([
      { id: 1, payload: Buffer.of(ResetReason.tooLarge) },
    ]);
    expect(peer.link.assembly.usedBytes).toBe(0);
    expect(peer.closure).toBeUndefined();
  });

  test('unfinished requests of many streams together stay under one cap', async () => {
    const { peer } = accepting({ maxAssemblyBytes: 100_000 });
    for (let i = 0; i < 10; i++) {
      await peer.send(FrameType.open, Kind.request, 2 * i + 1, Buffer.alloc(30_000));
      expect(peer.link.assembly.usedBytes).toBeLessThanOrEqual(100_000);
    }
    expect(peer.framesOf(FrameType.reset).length).toBeGreaterThan(0);
  });

  test('late frames of a stream that this side reset are tolerated', async () => {
    const { peer, streams } = accepting();
    await peer.send(FrameType.open, Kind.request, 1, payload);
    streams[0]?.reset(ResetReason.internal);
    await peer.send(FrameType.data, REQUEST, 1, payload);
    await peer.send(FrameType.reset, 0, 1, Buffer.of(ResetReason.cancelled));
    expect(peer.closure).toBeUndefined();
  });
});
