import { expect, test } from '@jest/globals';
import { MemoryBroadcast } from '#apps/broker/src/broadcast/broadcast.memory.js';
import type { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import type { SiteRegister } from '#apps/broker/src/gateway/site-register.js';
import type { Metrics } from '#apps/broker/src/health/metrics.js';
import { KnownPlaces } from '#apps/broker/src/nodes/known-places.js';
import type { NodeLinks } from '#apps/broker/src/nodes/node-links.js';
import { Presence, type NodePlace } from '#apps/broker/src/nodes/presence.port.js';
import { ReachSite } from '#apps/broker/src/nodes/reach-site.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import type { ErrorCode } from '#libs/errors/catalogue.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { LinkClient } from '#libs/link/link-client.js';

/** A broker of nodes that answer with their name, or refuse, or cannot be dialled. */
class Nodes extends Presence {
  readonly asked: string[] = [];
  readonly counted: string[] = [];
  looks = 0;
  isAway = false;
  here: LinkClient | undefined;
  /** What Redis says, look after look; the last is said for ever. */
  places: (string | undefined)[] = [];
  private readonly byName = new Map<string, LinkClient>();
  private readonly broadcast = new MemoryBroadcast();
  readonly known = new KnownPlaces(this, this.broadcast);

  constructor() {
    super();
    this.known.onApplicationBootstrap();
  }

  /** @param failure with which it answers every request, by name */
  client(name: string, failure?: ErrorCode): LinkClient {
    const request = () => {
      this.asked.push(name);
      return failure ? Promise.reject(new ConduitError(failure)) : Promise.resolve(name);
    };
    const client = { request } as unknown as LinkClient;
    this.byName.set(name, client);
    return client;
  }

  agentChanged(): Promise<void> {
    return this.broadcast.publish('agent.changed', 'agent');
  }

  reach(agentId: string | null = 'agent'): Promise<unknown> {
    const links = { find: () => this.here, availability: () => 'unreachable' };
    const site = new ReachSite(
      links as unknown as SiteLinks,
      { find: () => ({ agentId }) } as unknown as SiteRegister,
      this.known,
      { to: ({ nodeId }: NodePlace) => Promise.resolve(this.byName.get(nodeId)) } as NodeLinks,
      { countForwarded: (outcome: string) => this.counted.push(outcome) } as unknown as Metrics,
    );
    return site.request({ pattern: agentPatterns.runQuery, meta: { siteId: 'site' } }, {});
  }

  override find(): Promise<NodePlace | undefined> {
    this.looks += 1;
    if (this.isAway) return Promise.reject(new ConduitError('QUEUE_UNAVAILABLE'));
    const name = this.places.length > 1 ? this.places.shift() : this.places[0];
    return Promise.resolve(name === undefined ? undefined : { nodeId: name, address: 'a:1' });
  }

  override announce(): Promise<void> {
    return Promise.resolve();
  }

  override withdraw(): Promise<void> {
    return Promise.resolve();
  }
}

const refused = { code: 'LINK_REFUSED' };

test('an agent that is attached here is asked here, and nobody is looked for', async () => {
  const nodes = new Nodes();
  nodes.here = nodes.client('here');
  expect(await nodes.reach()).toBe('here');
  expect(nodes.looks).toBe(0);
});

test('an agent of another node is asked there, and is looked for once', async () => {
  const nodes = new Nodes();
  nodes.places = ['second'];
  nodes.client('second');
  for (let i = 0; i < 3; i++) expect(await nodes.reach()).toBe('second');
  expect(nodes.looks).toBe(1);
  expect(nodes.counted).toEqual(['taken', 'taken', 'taken']);
});

test('what is known is forgotten when the agent comes or goes anywhere', async () => {
  const nodes = new Nodes();
  nodes.places = ['second', 'third'];
  nodes.client('second');
  nodes.client('third');
  expect(await nodes.reach()).toBe('second');
  await nodes.agentChanged();
  expect(await nodes.reach()).toBe('third');
});

test('an agent that moved is found by one more look', async () => {
  const nodes = new Nodes();
  nodes.places = ['second', 'third'];
  nodes.client('second', 'LINK_REFUSED');
  nodes.client('third');
  expect(await nodes.reach()).toBe('third');
  expect(nodes.asked).toEqual(['second', 'third']);
  expect(nodes.counted).toEqual(['refused', 'taken']);
});

test('an agent whose link here drains is asked where it has gone', async () => {
  const nodes = new Nodes();
  nodes.here = nodes.client('here', 'LINK_REFUSED');
  nodes.places = ['second'];
  nodes.client('second');
  expect(await nodes.reach()).toBe('second');
});

test('an agent that comes here while it is looked for is asked here', async () => {
  const nodes = new Nodes();
  nodes.places = ['gone'];
  const asked = nodes.reach();
  nodes.here = nodes.client('here');
  expect(await asked).toBe('here');
});

test('two refusals are the end of it', async () => {
  const nodes = new Nodes();
  nodes.places = ['second'];
  nodes.client('second', 'LINK_REFUSED');
  await expect(nodes.reach()).rejects.toMatchObject(refused);
  expect(nodes.asked).toEqual(['second', 'second']);
});

test('an agent that no node has is looked for once; without an agent, nobody is', async () => {
  const nodes = new Nodes();
  await expect(nodes.reach()).rejects.toMatchObject(refused);
  expect(nodes.looks).toBe(1);
  await expect(nodes.reach(null)).rejects.toMatchObject(refused);
  expect(nodes.looks).toBe(1);
});

test.each(['LINK_CLOSED', 'GRANT_EXPIRED', 'CLIENT_GONE'] as const)(
  'after %s nothing is sent again: it may have been done',
  async (code) => {
    const nodes = new Nodes();
    nodes.places = ['second', 'third'];
    nodes.client('second', code);
    nodes.client('third');
    await expect(nodes.reach()).rejects.toMatchObject({ code });
    expect(nodes.asked).toEqual(['second']);
  },
);

test('without Redis agents are asked where they were', async () => {
  const nodes = new Nodes();
  nodes.places = ['second'];
  nodes.client('second');
  await nodes.reach();
  nodes.isAway = true;
  expect(await nodes.reach()).toBe('second');
  await nodes.agentChanged();
  await expect(nodes.reach()).rejects.toMatchObject(refused);
});
