/** Two nodes on one machine, over real TLS: what one asks of an agent whose link the other holds. */
import { randomUUID, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { ServerCredentials } from '#apps/broker/src/enrolment/server-identity.js';
import { AdmitAgent } from '#apps/broker/src/gateway/admit-agent.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import type { AnnounceAgents } from '#apps/broker/src/nodes/announce-agents.js';
import { NodeDoor } from '#apps/broker/src/nodes/node-door.js';
import type { NodeIdentity } from '#apps/broker/src/nodes/node-identity.js';
import { NodeLinks } from '#apps/broker/src/nodes/node-links.js';
import type { NodePlace } from '#apps/broker/src/nodes/presence.port.js';
import { ServeForwarded } from '#apps/broker/src/nodes/serve-forwarded.js';
import {
  ResidencyManifest,
  type HostPurpose,
} from '#apps/broker/src/residency/residency-manifest.js';
import { agentPatterns, joinHeaders } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { SystemClock } from '#libs/kernel/clock.js';
import { FixtureAuthority, type PemPair } from '#libs/link/certificates.fixture.js';
import { dial } from '#libs/link/dial.js';
import { WINDOW_BYTES } from '#libs/link/frame.js';
import { LinkClient } from '#libs/link/link-client.js';
import type { LinkContext } from '#libs/link/link-context.js';
import type { LinkReplyReader } from '#libs/link/link-reply-reader.js';
import { StreamedReply } from '#libs/link/link-reply.js';
import type { LinkRequest } from '#libs/link/link-request.js';
import { LinkServer } from '#libs/link/link-server.js';
import { listenForLinks } from '#libs/link/listen.js';
import { aLinkPair } from '#libs/link/socket-pair.fixture.js';

const siteId = randomUUID();
const [near, far] = [randomUUID(), randomUUID()];

let authority: FixtureAuthority;
let pairs: Record<'near' | 'far' | 'agent' | 'server', PemPair>;
let log: MemoryEventLog;
let door: NodeDoor;
let place: NodePlace;
let links: NodeLinks;
/** What the agent answers; where a test sets nothing it gives back what it was asked. */
let answer: (request: LinkRequest, context: LinkContext) => Promise<object>;

const identityOf = (nodeId: string, { cert, key }: PemPair): NodeIdentity => {
  const current = new ServerCredentials(cert, authority.ca, key, new Date());
  const open = () => Promise.resolve({ current, onRenewed: () => undefined });
  return { nodeId, trustDomain: 'fixture.example', open } as unknown as NodeIdentity;
};

/** The links of the node that the agent is attached to. */
function attachedAgent(): SiteLinks {
  const { dialler, listener } = aLinkPair();
  const agent = new LinkServer();
  for (const pattern of Object.values(agentPatterns)) {
    agent.addHandler(pattern, ((request: LinkRequest, context: LinkContext) =>
      answer(request, context)) as never);
  }
  agent.listen(() => undefined);
  agent.attach(dialler, 'broker');
  const client = new LinkClient(listener);
  return { find: (wanted: string) => (wanted === siteId ? client : undefined) } as SiteLinks;
}

beforeAll(async () => {
  authority = await FixtureAuthority.create();
  const made = [authority.node(near), authority.node(far), authority.agent(), authority.server()];
  const [nearPair, farPair, agent, server] = await Promise.all(made);
  pairs = { near: nearPair!, far: farPair!, agent: agent!, server: server! };
}, 30_000);

beforeEach(async () => {
  log = new MemoryEventLog();
  answer = ({ pattern, meta, body }) =>
    Promise.resolve({ pattern, meta, body: body.toString('base64') });
  const config = Object.assign(new BrokerConfig(), { nodeAddress: '127.0.0.1', nodePort: 0 });
  const announce = {
    start: (at: NodePlace) => Promise.resolve(void (place = at)),
    stop: () => undefined,
  } as AnnounceAgents;
  const forwarded = new ServeForwarded(attachedAgent());
  door = new NodeDoor(config, identityOf(far, pairs.far), forwarded, announce, log);
  await door.start();
  links = new NodeLinks(identityOf(near, pairs.near), new SystemClock(), config, log);
});

afterEach(async () => {
  links.onApplicationShutdown();
  await door.onApplicationShutdown();
});

async function ask(
  body?: Buffer,
  signal?: AbortSignal,
  pattern: string = agentPatterns.runQuery,
): Promise<LinkReplyReader> {
  const client = await links.to(place);
  return client!.request(pattern, { siteId }, body, signal ? { signal } : {});
}

async function bytesOf(reader: LinkReplyReader): Promise<Buffer> {
  const fragments: Buffer[] = [];
  for await (const fragment of reader.body) fragments.push(Buffer.from(fragment));
  return Buffer.concat(fragments);
}

/** Resolves when the agent's handler is told that nobody waits any more. */
function untilAborted(hang: (begun: () => void) => object | Promise<object>): {
  begun: Promise<void>;
  aborted: Promise<void>;
} {
  let noteBegun: () => void;
  let noteAborted: () => void;
  const begun = new Promise<void>((resolve) => (noteBegun = resolve));
  const aborted = new Promise<void>((resolve) => (noteAborted = resolve));
  answer = async (_request, { signal }) => {
    signal.addEventListener('abort', () => noteAborted());
    return hang(() => noteBegun());
  };
  return { begun, aborted };
}

const never = (begun: () => void): Promise<object> => {
  begun();
  return new Promise(() => undefined);
};

/** Rows without end. */
const endless = (begun: () => void): object => {
  async function* rows() {
    for (;;) {
      yield Buffer.alloc(8_000);
      begun();
      await new Promise(setImmediate);
    }
  }
  return new StreamedReply({ head: { form: 'ndjson' }, body: rows(), end: () => ({}) });
};

describe('a request that another node sends on', () => {
  test('reaches the agent as it was, and so does what the agent answers', async () => {
    const body = Buffer.from([0, 255, 10, 13]);
    const reader = await ask(body);
    expect(await bytesOf(reader)).toHaveLength(0);
    const asked = { pattern: 'query.run', meta: { siteId }, body: body.toString('base64') };
    expect(await reader.end).toEqual(asked);
  });

  test('is answered with head, bytes and end, in that order', async () => {
    const pieces = [Buffer.alloc(70_000, 1), Buffer.alloc(3, 2), Buffer.alloc(300_000, 3)];
    const head = { encoding: 'br' };
    answer = () =>
      Promise.resolve(
        new StreamedReply({ head, body: Readable.from(pieces), end: () => ({ rows: 3 }) }),
      );
    const reader = await ask();
    expect(reader.head).toEqual(head);
    expect((await bytesOf(reader)).equals(Buffer.concat(pieces))).toBe(true);
    expect(await reader.end).toEqual({ rows: 3 });
  });

  test('fails with the agent’s own code and facts', async () => {
    answer = () => Promise.reject(new ConduitError('GRANT_EXPIRED', { facts: { reason: 'over' } }));
    await expect(ask()).rejects.toMatchObject({
      code: 'GRANT_EXPIRED',
      facts: { reason: 'over' },
    });
  });

  test('is held back at the agent by a caller that does not read', async () => {
    const total = 64;
    let made = 0;
    async function* body() {
      for (; made < total; made++) {
        yield Buffer.alloc(WINDOW_BYTES / 2);
        await new Promise(setImmediate);
      }
    }
    answer = () => Promise.resolve(new StreamedReply({ body: body(), end: () => ({}) }));
    const reader = await ask();
    await new Promise((resolve) => setTimeout(resolve, 150));
    // A window on each of the two links, and what each sender had begun.
    expect(made).toBeLessThan(12);
    expect((await bytesOf(reader)).length).toBe((total * WINDOW_BYTES) / 2);
  });

  test.each([
    ['before the agent has answered', never],
    ['while rows flow', endless],
  ])('is cancelled at the agent when its caller leaves %s', async (_when, hang) => {
    const { begun, aborted } = untilAborted(hang);
    const gone = new AbortController();
    const asked = ask(undefined, gone.signal).then((reader) => bytesOf(reader));
    const failed = expect(asked).rejects.toMatchObject({ code: 'CLIENT_GONE' });
    await begun;
    gone.abort();
    await Promise.all([failed, aborted]);
  });

  test('is LINK_CLOSED, perhaps done, when the link between the nodes breaks', async () => {
    const { begun, aborted } = untilAborted(never);
    const failed = expect(ask()).rejects.toMatchObject({ code: 'LINK_CLOSED' });
    await begun;
    (await links.to(place))?.link.terminate();
    await Promise.all([failed, aborted]);
  });

  test('is LINK_REFUSED, not done, when the agent is not attached there', async () => {
    const client = await links.to(place);
    for (const meta of [{ siteId: randomUUID() }, {}, { siteId: 7 }]) {
      const asked = client!.request(agentPatterns.findWrite, meta);
      await expect(asked).rejects.toMatchObject({ code: 'LINK_REFUSED' });
    }
  });

  test('is a query or a search for a write, nothing else', async () => {
    for (const pattern of ['grant.put', 'grant.revoke', 'doctor.run', 'certificate.renew']) {
      const code = 'LINK_PATTERN_UNKNOWN';
      await expect(ask(undefined, undefined, pattern)).rejects.toMatchObject({ code });
    }
  });
});

describe('a link between nodes', () => {
  const dialAs = (pair: PemPair, ca = authority.ca) => {
    const [host, port] = place.address.split(':');
    return dial({
      ...{ host: host!, port: Number(port), ca, ...pair },
      servername: `${far}.node.internal`,
    });
  };

  test('is kept for the next request, and dialled anew after it broke', async () => {
    const [first, same] = await Promise.all([links.to(place), links.to(place)]);
    expect(same).toBe(first);
    first!.link.terminate();
    const next = await links.to(place);
    expect(next).not.toBe(first);
    expect(next!.link.state).toBe('open');
  });

  test('is not given to an agent, nor to a server of this installation', async () => {
    await expect(dialAs(pairs.agent)).rejects.toMatchObject({ code: 'AGENT_IDENTITY_REFUSED' });
    expect(log.lines).toContainEqual({
      event: 'node.refused',
      fields: { code: 'AGENT_IDENTITY_REFUSED' },
    });
    await expect(dialAs(pairs.server)).rejects.toBeInstanceOf(ConduitError);
  });

  test('is not given to a node of another installation', async () => {
    const domain = { uris: [`spiffe://other.example/node/${near}`] };
    await expect(dialAs(await authority.node(near, domain))).rejects.toMatchObject({
      code: 'AGENT_IDENTITY_REFUSED',
    });
    const stranger = await FixtureAuthority.create('Stranger CA');
    await expect(dialAs(await stranger.node(near))).rejects.toBeInstanceOf(ConduitError);
    expect(log.lines.filter(({ event }) => event === 'node.attached')).toEqual([]);
  });

  test.each(['agent', 'server', 'near'] as const)(
    'is not made to whoever shows the certificate of %s in the place of that node',
    async (shown) => {
      const impostor = await listenForLinks({
        ...{ ...pairs[shown], ca: authority.ca, port: 0, host: '127.0.0.1' },
        authorise: () => Promise.resolve({ peer: 'whoever' }),
      });
      const address = `127.0.0.1:${impostor.port}`;
      expect(await links.to({ nodeId: far, address })).toBeUndefined();
      expect(log.lines.map(({ event }) => event)).toEqual(['node.unreachable']);
      await impostor.close(0);
    },
  );

  test('is made to no place that is none', async () => {
    expect(await links.to({ nodeId: near, address: place.address })).toBeUndefined();
    expect(await links.to({ nodeId: 'localhost', address: place.address })).toBeUndefined();
    expect(log.lines).toEqual([]);
    expect(await links.to({ nodeId: randomUUID(), address: 'nowhere' })).toBeUndefined();
  });

  test('is made to no address that is not declared for nodes, and the log names none', async () => {
    const [host] = place.address.split(':');
    const declared = (purpose: HostPurpose) => {
      const where = { country: 'AU', region: 'Sydney', operator: 'Zz Cloud Pty Ltd' };
      return new ResidencyManifest([{ host: host!, ...where, purposes: [purpose] }], [], false);
    };
    const config = Object.assign(new BrokerConfig(), { residency: declared('queue') });
    const clock = new SystemClock();
    const held = new NodeLinks(identityOf(near, pairs.near), clock, config, log);
    expect(await held.to(place)).toBeUndefined();
    expect(log.lines).toEqual([{ event: 'node.undeclared', fields: { nodeId: far } }]);
    config.residency = declared('node');
    const others = new NodeLinks(identityOf(near, pairs.near), clock, config, log);
    expect((await others.to(place))?.link.state).toBe('open');
    others.onApplicationShutdown();
  });

  test('gives way to one of the node’s next certificate, and what runs on it ends', async () => {
    const { begun } = untilAborted(never);
    const old = await links.to(place);
    const running = old!.request(agentPatterns.runQuery, { siteId });
    running.catch(() => undefined);
    await begun;
    const identity = identityOf(near, await authority.node(near));
    Object.assign(links, { identity });
    const next = await links.to(place);
    expect(next).not.toBe(old);
    expect(old!.link.state).toBe('draining');
    expect(old!.link.activeStreams).toBe(1);
    old!.link.terminate();
    await expect(running).rejects.toMatchObject({ code: 'LINK_CLOSED' });
  });
});

test('a node’s certificate opens no link of an agent', async () => {
  const nobody = undefined as never;
  const admit = new AdmitAgent(
    nobody,
    { trustDomain: 'fixture.example' } as never,
    nobody,
    nobody,
    nobody,
  );
  const { sequence, joinId, instanceId } = joinHeaders;
  const headers = { [sequence]: '1', [joinId]: randomUUID(), [instanceId]: randomUUID() };
  const verdict = await admit.execute(new X509Certificate(pairs.near.cert), {
    headers,
  } as unknown as IncomingMessage);
  expect(verdict).toEqual({ refuse: 'AGENT_IDENTITY_REFUSED' });
});
