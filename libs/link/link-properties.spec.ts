import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FIN, FrameType, HEADER_BYTES, ResetReason } from '#libs/link/frame.js';
import type { Link } from '#libs/link/link.js';
import { LinkClient } from '#libs/link/link-client.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { decodeRequest, encodeRequest, LinkRequest } from '#libs/link/link-request.js';
import type { LinkStream } from '#libs/link/link-stream.js';
import { RawPeer, settled } from '#libs/link/raw-peer.fixture.js';
import { sendReply } from '#libs/link/send-reply.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';

const SMALL = { windowBytes: 4096, fragmentBytes: 700, highWaterBytes: 3000 };

/** What one exchange sends each way. */
interface Exchange {
  fromDialler: boolean;
  requestBytes: number;
  fragments: number[];
  trailerBytes: number;
  /** After how many turns of the event loop the caller cancels, if it does. */
  cancelAfter: number | undefined;
  /** After how many turns the server cuts the stream, if it does. */
  resetAfter: number | undefined;
}

const anExchange = (canBreak: boolean): fc.Arbitrary<Exchange> =>
  fc.record({
    fromDialler: fc.boolean(),
    requestBytes: fc.integer({ min: 0, max: 20_000 }),
    fragments: fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 6 }),
    trailerBytes: fc.integer({ min: 0, max: 9_000 }),
    cancelAfter: canBreak ? fc.option(fc.nat(12), { nil: undefined }) : fc.constant(undefined),
    resetAfter: canBreak ? fc.option(fc.nat(12), { nil: undefined }) : fc.constant(undefined),
  });

/** Bytes that differ from place to place and from stream to stream. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + seed * 17 + (i >> 8)) & 0xff;
  return bytes;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

/** Serves the exchanges by their index, echoing the request's length in the trailer. */
function serve(link: Link, exchanges: readonly Exchange[]): void {
  link.accept((stream: LinkStream) => {
    stream.listen({
      message: (_kind, payload) => {
        const request = decodeRequest(payload);
        const index = Number(request.meta['index']);
        const exchange = exchanges[index] as Exchange;
        expect(request.body.equals(pattern(exchange.requestBytes, index))).toBe(true);
        const body = async function* (): AsyncGenerator<Buffer> {
          for (const length of exchange.fragments) yield pattern(length, index);
        };
        const end = (): object => ({ index, filler: 'z'.repeat(exchange.trailerBytes) });
        void sendReply(stream, new StreamedReply({ head: { index }, body: body(), end }));
        if (exchange.resetAfter !== undefined) {
          void turns(exchange.resetAfter).then(() => stream.reset(ResetReason.internal));
        }
      },
      fragment: () => undefined,
      cut: () => undefined,
    });
  });
}

async function run(client: LinkClient, exchange: Exchange, index: number): Promise<void> {
  const controller = new AbortController();
  if (exchange.cancelAfter !== undefined) {
    void turns(exchange.cancelAfter).then(() => controller.abort());
  }
  const body = pattern(exchange.requestBytes, index);
  const reply = await client.request('any', { index }, body, { signal: controller.signal });
  expect(reply.head).toEqual({ index });
  const fragments: Buffer[] = [];
  for await (const fragment of reply.body) fragments.push(Buffer.from(fragment));
  const whole = Buffer.concat(exchange.fragments.map((length) => pattern(length, index)));
  expect(Buffer.concat(fragments).equals(whole)).toBe(true);
  expect(await reply.end).toMatchObject({ index });
}

async function runAll(
  exchanges: readonly Exchange[],
): Promise<{ links: Link[]; failures: unknown[] }> {
  const { dialler, listener } = aLinkPair(SMALL);
  for (const link of [dialler, listener]) serve(link, exchanges);
  const clients = { near: new LinkClient(dialler), far: new LinkClient(listener) };
  const results = await Promise.allSettled(
    exchanges.map((exchange, i) =>
      run(exchange.fromDialler ? clients.near : clients.far, exchange, i),
    ),
  );
  await settled();
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  return { links: [dialler, listener], failures };
}

function expectIdle(links: readonly Link[]): void {
  for (const link of links) {
    expect([link.state, link.activeStreams, link.assembly.usedBytes]).toEqual(['open', 0, 0]);
  }
}

describe('any mix of exchanges over one link', () => {
  test('arrives byte for byte, however the streams interleave and the windows run out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anExchange(false), { minLength: 1, maxLength: 12 }),
        async (exchanges) => {
          const { links, failures } = await runAll(exchanges);
          expect(failures).toEqual([]);
          expectIdle(links);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('survives cancels and resets at any moment, from either side, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anExchange(true), { minLength: 1, maxLength: 12 }),
        async (exchanges) => {
          const { links, failures } = await runAll(exchanges);
          for (const failure of failures) {
            expect(failure).toBeInstanceOf(ConduitError);
            expect(['CLIENT_GONE', 'INTERNAL']).toContain((failure as ConduitError).code);
          }
          expectIdle(links);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is refused or finished when either side drains at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anExchange(false), { minLength: 1, maxLength: 8 }),
        fc.nat(10),
        fc.boolean(),
        async (exchanges, after, fromDialler) => {
          const { dialler, listener } = aLinkPair(SMALL);
          for (const link of [dialler, listener]) serve(link, exchanges);
          const running = Promise.allSettled(
            exchanges.map((exchange, i) =>
              run(new LinkClient(exchange.fromDialler ? dialler : listener), exchange, i),
            ),
          );
          await turns(after);
          await (fromDialler ? dialler : listener).drain(10_000);
          for (const result of await running) {
            if (result.status === 'rejected')
              expect(result.reason).toMatchObject({ code: 'LINK_REFUSED' });
          }
          await settled();
          expect([dialler.activeStreams, listener.activeStreams]).toEqual([0, 0]);
          expect([dialler.state, listener.state]).toEqual(['closed', 'closed']);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Frames that are nearly right: they get past the first checks more often than random bytes do. */
const aNearlyRightFrame = fc
  .record({
    type: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.values(FrameType)) },
      { weight: 1, arbitrary: fc.nat(255) },
    ),
    flags: fc.oneof(
      fc.constant(0),
      fc.nat(4),
      fc.nat(4).map((kind) => kind | FIN),
      fc.nat(255),
    ),
    id: fc.oneof(fc.nat(12), fc.integer({ min: 0, max: 0xffff_ffff })),
    length: fc.oneof(fc.constantFrom(0, 1, 4), fc.nat(2_000)),
    lie: fc.oneof(
      { weight: 19, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5, max: 5 }) },
    ),
  })
  .map(({ type, flags, id, length, lie }) => {
    const bytes = Buffer.alloc(HEADER_BYTES + length, 1);
    bytes[0] = type;
    bytes[1] = flags;
    bytes.writeUInt16BE(Math.max(0, length + lie), 2);
    bytes.writeUInt32BE(id, 4);
    return bytes;
  });

describe('any hostile bytes', () => {
  test.each([
    [
      'random messages',
      fc.array(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        { maxLength: 20 },
      ),
    ],
    [
      'nearly right frames',
      fc.array(
        fc
          .array(aNearlyRightFrame, { minLength: 1, maxLength: 4 })
          .map((frames) => Buffer.concat(frames)),
        { maxLength: 40 },
      ),
    ],
  ])(
    '%s end the link or are tolerated, never throw and never hold more than the caps',
    async (_title, messages) => {
      await fc.assert(
        fc.asyncProperty(messages, async (bytes) => {
          const peer = new RawPeer({ ...SMALL, maxInboundStreams: 3, maxAssemblyBytes: 5_000 });
          peer.link.accept((stream) => {
            stream.listen({
              message: (_kind, payload) => void sendReply(stream, { bytes: payload.length }),
              fragment: () => undefined,
              cut: () => undefined,
            });
          });
          const asked = new LinkClient(peer.link)
            .request('any', {}, Buffer.alloc(9_000))
            .catch((error: unknown) => error);
          for (const message of bytes) {
            await peer.sendBytes(message);
            expect(peer.link.activeStreams).toBeLessThanOrEqual(4);
            expect(peer.link.assembly.usedBytes).toBeLessThanOrEqual(5_000);
          }
          if (peer.closure !== undefined) expect(peer.closure.reason).toBe('protocol');
          peer.link.terminate();
          await asked;
          expect([peer.link.activeStreams, peer.link.assembly.usedBytes]).toEqual([0, 0]);
        }),
        { numRuns: 150 },
      );
    },
  );

  test('a request is decoded as it was encoded, and anything else is refused by name', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.uint8Array({ maxLength: 40_000 }),
        fc.boolean(),
        (name, meta, body, isEvent) => {
          const decoded = decodeRequest(Buffer.concat(encodeRequest(name, meta, body, isEvent)));
          const expected = JSON.parse(JSON.stringify(meta)) as Record<string, unknown>;
          expect(decoded).toEqual(new LinkRequest(name, expected, Buffer.from(body), isEvent));
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => decodeRequest(Buffer.from(bytes))).toThrow(ConduitError);
      }),
    );
  });
});
