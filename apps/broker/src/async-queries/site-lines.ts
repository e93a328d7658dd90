/**
 * Who waits for which site, and who is being served. Each site has a line of its own in Redis; the
 * node that holds the site's link claims from it, with a lease that ends by itself when the node is
 * gone. Integrators take turns by weight, and no more is claimed than the agent can soon begin, so
 * that one that floods a site delays only itself.
 */
import { Injectable } from '@nestjs/common';
import {
  claimScript,
  joinScript,
  leaveScript,
  placeScript,
  returnLapsedScript,
  returnScript,
} from '#apps/broker/src/async-queries/site-line-scripts.js';
import type { AsyncPlaces } from '#apps/broker/src/gateway/site-links.port.js';
import { RedisScript } from '#apps/broker/src/transient/redis-script.js';
import { TransientStore } from '#apps/broker/src/transient/transient-store.js';
import { Clock } from '#libs/kernel/clock.js';

export const lineLimits = {
  /** How long a claim stands that is not renewed. */
  leaseMs: 12_000,
  /** Queries of one site under way at once, and of those one integrator's, whatever its agent runs. */
  claims: 64,
  claimsEach: 48,
  /** Where an agent has many places, so many claims wait behind those that run there. */
  waitsAtAgent: 16,
  waitsAtAgentEach: 8,
  /** Claimed by one call. */
  claimsAtOnce: 16,
} as const;

/** What a line needs to know of a query. */
export interface InLine {
  id: string;
  siteId: string;
  integratorId: string;
  createdAtMs: number;
}

export interface ClaimWish {
  /** Integrators that are passed over. */
  resting?: readonly string[];
  atMost?: number;
  /** What the agent runs at once; absent: as much as the limits let it. */
  places?: AsyncPlaces;
}

/** All sites that have a line: by when somebody last joined it. */
const LINES = 'conduit:lines';
const TIME_DIGITS = 14;

/** Forgets an empty line unless somebody joined it meanwhile. ARGV: site, what was seen. */
const forgetLineScript = new RedisScript(`
  if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
  return redis.call('ZREM', KEYS[1], ARGV[1])
`);

@Injectable()
export class SiteLines {
  constructor(
    private readonly store: TransientStore,
    private readonly clock: Clock,
  ) {}

  /** Again is harmless: a query stands in its line once, or is claimed. */
  async join(query: InLine): Promise<void> {
    const { siteId, integratorId } = query;
    await Promise.all([
      this.store.ask((redis) => redis.zadd(LINES, this.clock.now(), siteId)),
      this.store.run(joinScript, keysOf(siteId), [integratorId, memberOf(query)]),
    ]);
  }

  /**
   * The next queries of a site, claimed; fewer than `atMost` when nobody else waits or enough is under
   * way. An integrator that has none under way gets one whatever the others have.
   */
  async claim(siteId: string, wish: ClaimWish = {}): Promise<InLine[]> {
    const { resting = [], atMost = lineLimits.claimsAtOnce, places } = wish;
    const { claims, claimsEach } = boundsFor(places);
    const leaseEndsMs = this.clock.now() + lineLimits.leaseMs;
    const args = [leaseEndsMs, claims, claimsEach, JSON.stringify(sharesOf(resting)), atMost];
    const members = await this.store.run<string[]>(claimScript, keysOf(siteId), args);
    return members.map((member) => fromMember(member, siteId));
  }

  /** @returns false when the claim has lapsed: another may have it */
  async renew(query: InLine): Promise<boolean> {
    const [, claims] = keysOf(query.siteId);
    const member = memberOf(query);
    const ends = this.clock.now() + lineLimits.leaseMs;
    await this.store.ask((redis) => redis.zadd(claims, 'XX', ends, member));
    return (await this.store.ask((redis) => redis.zscore(claims, member))) !== null;
  }

  /** It needs a place no more, wherever it stands. */
  async leave(query: InLine): Promise<void> {
    await this.store.run(leaveScript, keysOf(query.siteId), [memberOf(query)]);
  }

  /** A claimed query waits again, where it stood. */
  async giveBack(query: InLine): Promise<void> {
    const args = [query.integratorId, memberOf(query)];
    await this.store.run(returnScript, keysOf(query.siteId), args);
  }

  /** Claims of nodes that are gone wait again. */
  async giveBackLapsed(siteId: string): Promise<number> {
    const now = this.clock.now();
    const args = [now, now + lineLimits.leaseMs];
    return this.store.run<number>(returnLapsedScript, keysOf(siteId), args);
  }

  /** From 1, among its integrator's own; `claimed`; undefined when it is not in line. */
  async place(query: InLine): Promise<number | 'claimed' | undefined> {
    const args = [query.integratorId, memberOf(query)];
    const place = await this.store.run<number>(placeScript, keysOf(query.siteId), args);
    return place === 0 ? 'claimed' : place < 0 ? undefined : place;
  }

  /** How many of an integrator's queries wait here, those that are claimed aside. */
  waitingOf(integratorId: string, siteId: string): Promise<number> {
    const [waiting] = keysOf(siteId);
    const [from, to] = [`[${integratorId}:`, `(${integratorId};`];
    return this.store.ask((redis) => redis.zlexcount(waiting, from, to));
  }

  /** How many queries of all integrators wait here, those that are claimed aside. */
  depthOf(siteId: string): Promise<number> {
    const [waiting] = keysOf(siteId);
    return this.store.ask((redis) => redis.zcard(waiting));
  }

  /** Sites with a line; one that is found empty is forgotten. */
  async sites(): Promise<string[]> {
    const found = await this.store.ask((redis) => redis.zrange(LINES, '0', '-1', 'WITHSCORES'));
    const sites: string[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const [siteId = '', score = ''] = found.slice(at, at + 2);
      if (await this.isEmpty(siteId))
        await this.store.run(forgetLineScript, [LINES], [siteId, score]);
      else sites.push(siteId);
    }
    return sites;
  }

  private async isEmpty(siteId: string): Promise<boolean> {
    const [waiting, claims] = keysOf(siteId);
    return (await this.store.ask((redis) => redis.exists(waiting, claims))) === 0;
  }
}

/**
 * For each place at the agent a query that runs and one right behind it, so that the place is taken
 * again without a round trip. More would only wait there, where it keeps both ends busy.
 */
function boundsFor(places: AsyncPlaces = { all: Infinity, each: Infinity }) {
  const { claims, claimsEach, waitsAtAgent, waitsAtAgentEach } = lineLimits;
  return {
    claims: Math.min(claims, places.all + Math.min(places.all, waitsAtAgent)),
    claimsEach: Math.min(claimsEach, places.each + Math.min(places.each, waitsAtAgentEach)),
  };
}

function keysOf(siteId: string): [waiting: string, claims: string, turns: string] {
  const line = `conduit:line:{${siteId}}`;
  return [`${line}:waiting`, `${line}:claims`, `${line}:turns`];
}

/** An integrator's weight is 1 until something says otherwise; 0: not now. */
function sharesOf(resting: readonly string[]): Record<string, number> {
  return Object.fromEntries(resting.map((integratorId) => [integratorId, 0]));
}

/** By byte order: an integrator's own stand together, oldest first. */
function memberOf({ integratorId, createdAtMs, id }: InLine): string {
  return `${integratorId}:${String(createdAtMs).padStart(TIME_DIGITS, '0')}:${id}`;
}

function fromMember(member: string, siteId: string): InLine {
  const [integratorId = '', time = '', id = ''] = member.split(':');
  return { id, siteId, integratorId, createdAtMs: Number(time) };
}
