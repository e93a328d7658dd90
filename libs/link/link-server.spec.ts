import 'reflect-metadata';
import {
  type CanActivate,
  Controller,
  Injectable,
  type NestInterceptor,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type {
  CallHandler,
  ExecutionContext,
  INestMicroservice,
  PipeTransform,
} from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { firstValueFrom, map, type Observable } from 'rxjs';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { Link } from '#libs/link/link.js';
import { LinkClient } from '#libs/link/link-client.js';
import { LinkContext } from '#libs/link/link-context.js';
import { LinkErrorFilter } from '#libs/link/link-error.filter.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import { LinkRequest } from '#libs/link/link-request.js';
import { LinkServer } from '#libs/link/link-server.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';

const seen = {
  events: [] as unknown[],
  bodyClosed: 0,
  aborted: [] as string[],
  unexpected: [] as string[],
  inside: 0,
};
let wakeUp: () => void = () => undefined;

@Injectable()
class PeerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { peer } = context.switchToRpc().getContext<LinkContext<string>>();
    if (peer !== 'broker') throw new ConduitError('GRANT_MISSING');
    return true;
  }
}

@Injectable()
class StampInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((reply: object) => ({ ...reply, stamped: true })));
  }
}

class UpperCasePipe implements PipeTransform<LinkRequest> {
  transform(request: LinkRequest): LinkRequest {
    return new LinkRequest(
      request.pattern,
      { word: String(request.meta['word']).toUpperCase() },
      request.body,
    );
  }
}

async function* fragments(count: number, size: number): AsyncGenerator<Buffer> {
  try {
    for (let i = 0; i < count; i++) yield Buffer.alloc(size, i);
  } finally {
    seen.bodyClosed++;
  }
}

@Controller()
class PretendHandlers {
  @MessagePattern('echo')
  echo(@Payload() request: LinkRequest, @Ctx() context: LinkContext): object {
    return {
      meta: request.meta,
      body: request.body.toString('base64'),
      peer: context.peer,
      requestId: context.requestId,
      isRequest: request instanceof LinkRequest,
    };
  }

  @MessagePattern('guarded')
  @UseGuards(PeerGuard)
  @UseInterceptors(StampInterceptor)
  guarded(@Payload(new UpperCasePipe()) request: LinkRequest): object {
    return { word: request.meta['word'] };
  }

  @MessagePattern('stream')
  stream(@Payload() request: LinkRequest): StreamedReply {
    const { count, size } = request.meta as { count: number; size: number };
    return new StreamedReply({
      head: { columns: ['a'] },
      body: fragments(count, size),
      end: () => Promise.resolve({ rows: count }),
    });
  }

  @MessagePattern('fail')
  fail(@Payload() request: LinkRequest): object {
    if (request.meta['known'] === true) {
      throw new ConduitError('STATEMENT_FAILED', { facts: { sqlErrorNumber: 208 } });
    }
    throw new Error('the name of a patient');
  }

  @MessagePattern('fail-late')
  failLate(): StreamedReply {
    return new StreamedReply({
      body: (async function* () {
        yield Buffer.from('some');
        throw new ConduitError('DATABASE_CONNECTION_LOST');
      })(),
      end: () => ({}),
    });
  }

  @MessagePattern('wait')
  async wait(@Ctx() context: LinkContext): Promise<object> {
    wakeUp();
    await once(context.signal, 'abort');
    seen.aborted.push((context.signal.reason as ConduitError).code);
    wakeUp();
    return {};
  }

  @MessagePattern('number')
  number(): number {
    return 7;
  }

  @EventPattern('noticed')
  noticed(@Payload() request: LinkRequest): void {
    seen.events.push(request.meta);
    wakeUp();
  }
}

const nextWakeUp = (): Promise<void> => new Promise((resolve) => (wakeUp = resolve));

describe('LinkServer and LinkClient', () => {
  let app: INestMicroservice;
  let server: LinkServer;
  let client: LinkClient;
  let agentLink: Link;

  beforeAll(async () => {
    server = new LinkServer({
      onUnexpectedError: (_error, pattern) => seen.unexpected.push(pattern),
      enter: (peer) => {
        if (peer === 'flooder') throw new ConduitError('RATE_LIMITED');
        seen.inside += 1;
        return () => (seen.inside -= 1);
      },
    });
    const module = await Test.createTestingModule({ controllers: [PretendHandlers] }).compile();
    app = module.createNestMicroservice({ strategy: server, logger: false });
    app.useGlobalFilters(new LinkErrorFilter());
    await app.listen();
  });

  afterAll(() => app.close());

  beforeEach(() => {
    const { dialler, listener } = aLinkPair();
    agentLink = dialler;
    server.attach(dialler, 'broker');
    client = new LinkClient(listener);
  });

  test('a handler sees the meta, the body, the peer and the request id', async () => {
    const reply = await client.request('echo', { requestId: 'r-1', n: 1 }, Buffer.from([0, 255]));
    expect(await reply.end).toEqual({
      meta: { requestId: 'r-1', n: 1 },
      body: 'AP8=',
      peer: 'broker',
      requestId: 'r-1',
      isRequest: true,
    });
    expect(reply.head).toBeUndefined();
  });

  test('a small request and its answer are one frame each way', async () => {
    const { dialler, listener, diallerSocket, listenerSocket } = aLinkPair();
    server.attach(dialler, 'broker');
    await (
      await new LinkClient(listener).request('echo', {}, Buffer.alloc(1024))
    ).end;
    expect(listenerSocket.messages).toHaveLength(1);
    expect(diallerSocket.messages).toHaveLength(1);
  });

  test('a body above the frame size arrives whole', async () => {
    const body = Buffer.alloc(900_000, 'x');
    const reply = await client.request('echo', {}, body);
    const { body: echoed } = (await reply.end) as { body: string };
    expect(Buffer.from(echoed, 'base64').equals(body)).toBe(true);
  });

  test('guards, pipes and interceptors apply', async () => {
    const reply = await client.request('guarded', { word: 'quiet' });
    expect(await reply.end).toEqual({ word: 'QUIET', stamped: true });
  });

  test('a guard refuses a peer with its own code', async () => {
    const { dialler, listener } = aLinkPair();
    server.attach(dialler, 'stranger');
    const answer = new LinkClient(listener).request('guarded', { word: 'quiet' });
    await expect(answer).rejects.toMatchObject({ code: 'GRANT_MISSING' });
  });

  test('a peer that is not let in is refused before any handler, and every request leaves again', async () => {
    const { dialler, listener } = aLinkPair();
    server.attach(dialler, 'flooder');
    const unknown = new LinkClient(listener).request('nothing.here', {});
    await expect(unknown).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(client.request('fail', { known: true })).rejects.toBeDefined();
    await (
      await client.request('echo', {})
    ).end;
    await new Promise(setImmediate);
    expect(seen.inside).toBe(0);
  });

  test('a streamed reply has its head before its body and its trailer after', async () => {
    const reply = await client.request('stream', { count: 40, size: 20_000 });
    expect(reply.head).toEqual({ columns: ['a'] });
    let bytes = 0;
    for await (const fragment of reply.body) bytes += fragment.length;
    expect(bytes).toBe(800_000);
    expect(await reply.end).toEqual({ rows: 40 });
    expect(client.link.activeStreams + agentLink.activeStreams).toBe(0);
  });

  test('leaving the body early closes it at the handler', async () => {
    const before = seen.bodyClosed;
    const reply = await client.request('stream', { count: 1e9, size: 20_000 });
    for await (const fragment of reply.body) if (fragment.length > 0) break;
    await expect(reply.end).rejects.toMatchObject({ code: 'CLIENT_GONE' });
    while (seen.bodyClosed === before) await new Promise(setImmediate);
  });

  test('a ConduitError keeps its code and facts', async () => {
    const answer = client.request('fail', { known: true });
    await expect(answer).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      facts: { sqlErrorNumber: 208 },
    });
  });

  test('any other error travels as INTERNAL without its text', async () => {
    const { dialler, listener, diallerSocket } = aLinkPair();
    server.attach(dialler, 'broker');
    const answer = new LinkClient(listener).request('fail', {});
    await expect(answer).rejects.toMatchObject({ code: 'INTERNAL', facts: {} });
    expect(Buffer.concat(diallerSocket.messages).toString('latin1')).not.toContain('patient');
    expect(seen.unexpected).toContain('fail');
  });

  test('a result that is no object travels as INTERNAL', async () => {
    await expect(client.request('number', {})).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('a body that fails half-way fails the reader with the code', async () => {
    const reply = await client.request('fail-late', {});
    const read = async (): Promise<void> => {
      for await (const fragment of reply.body) expect(fragment.toString()).toBe('some');
    };
    await expect(read()).rejects.toMatchObject({ code: 'DATABASE_CONNECTION_LOST' });
    await expect(reply.end).rejects.toMatchObject({ code: 'DATABASE_CONNECTION_LOST' });
  });

  test('an unknown pattern and an event sent as a request are refused by name', async () => {
    for (const pattern of ['nothing.here', 'noticed', '__proto__']) {
      await expect(client.request(pattern, {})).rejects.toMatchObject({
        code: 'LINK_PATTERN_UNKNOWN',
      });
    }
  });

  test('cancelling aborts the handler with CLIENT_GONE', async () => {
    const controller = new AbortController();
    const running = nextWakeUp();
    const answer = client.request('wait', {}, undefined, { signal: controller.signal });
    await running;
    expect(seen.inside).toBe(1);
    const aborted = nextWakeUp();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'CLIENT_GONE' });
    await aborted;
    expect(seen.aborted.pop()).toBe('CLIENT_GONE');
  });

  test('a cut link rejects the caller and aborts the handler with LINK_CLOSED', async () => {
    const running = nextWakeUp();
    const answer = client.request('wait', {});
    await running;
    const aborted = nextWakeUp();
    client.link.terminate();
    await expect(answer).rejects.toMatchObject({ code: 'LINK_CLOSED' });
    await aborted;
    expect(seen.aborted.pop()).toBe('LINK_CLOSED');
    await expect(client.request('echo', {})).rejects.toMatchObject({ code: 'LINK_CLOSED' });
  });

  test('a deadline cancels the request at the other side', async () => {
    const running = nextWakeUp();
    const answer = client.request('wait', {}, undefined, { deadlineMs: 100 });
    const rejected = expect(answer).rejects.toMatchObject({ code: 'EXECUTION_TIMEOUT' });
    await running;
    const aborted = nextWakeUp();
    await rejected;
    await aborted;
    expect(seen.aborted.pop()).toBe('CLIENT_GONE');
  });

  test('send and emit of Nest work over the link', async () => {
    expect(await firstValueFrom(client.send('echo', { n: 2 }))).toMatchObject({ meta: { n: 2 } });
    const noticed = nextWakeUp();
    await firstValueFrom(client.emit('noticed', { what: 'it' }), { defaultValue: undefined });
    await noticed;
    expect(seen.events).toContainEqual({ what: 'it' });
    await expect(firstValueFrom(client.send('fail', { known: true }))).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
    });
  });

  test('both ends of one link may serve and ask', async () => {
    server.attach(client.link, 'agent');
    const reply = await new LinkClient(agentLink).request('echo', {});
    expect(await reply.end).toMatchObject({ peer: 'agent' });
  });
});
