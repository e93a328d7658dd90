/**
 * Which server answered at a site, and when. A server that is enrolled anew takes the site from the one before it,
 * whose log is the only one that can have what was asked until then. Pure.
 */

/** Times are milliseconds since the epoch. */
export interface KnownAgent {
  agentId: string;
  enrolledMs: number;
}

export interface KnownSite {
  siteId: string;
  knownSinceMs: number;
  /** Who has had it since when, as it was noted, the first of them first. Who had it before that was not noted. */
  holders: readonly { agentId: string; sinceMs: number }[];
}

/** One agent's time at a site: ends of queries from then, and before then, are its own. */
export interface SiteTurn {
  siteId: string;
  agentId?: string;
  /** Absent: always. */
  fromMs?: number;
  /** Absent: until now. */
  toMs?: number;
  /** False: another of the practice’s servers may have had the site at that time. */
  isSure: boolean;
}

/** @param agents all that the practice ever had; @param sites all of its sites */
export function turnsOf(agents: readonly KnownAgent[], sites: readonly KnownSite[]): SiteTurn[] {
  const serving = new Set(sites.map(({ holders }) => holders.at(-1)?.agentId));
  return sites.flatMap((site): SiteTurn[] => {
    const { siteId, holders } = site;
    const [first] = holders;
    if (!first) return [{ siteId, isSure: true }];
    const former = formerOf(site, first, agents, serving);
    const isSure = former.length === 1 || sites.length === 1;
    const guessed = former.map((one, at): SiteTurn => ({
      ...{ siteId, agentId: one.agentId, isSure },
      ...(at > 0 && { fromMs: one.enrolledMs }),
      toMs: former[at + 1]?.enrolledMs ?? first.sinceMs,
    }));
    const noted = holders.map(({ agentId, sinceMs }, at): SiteTurn => {
      const next = holders[at + 1];
      return {
        ...{ siteId, agentId },
        ...(at + guessed.length > 0 && { fromMs: sinceMs }),
        ...(next && { toMs: next.sinceMs }),
        isSure: true,
      };
    });
    return [...guessed, ...noted];
  });
}

/** Who may have had a site before the first of whom it was noted: rather those that serve none any more. */
function formerOf(
  { knownSinceMs, holders }: KnownSite,
  first: KnownSite['holders'][number],
  agents: readonly KnownAgent[],
  serving: ReadonlySet<string | undefined>,
): KnownAgent[] {
  // A site that came with its server was no other's before.
  if (knownSinceMs >= first.sinceMs) return [];
  const noted = new Set(holders.map(({ agentId }) => agentId));
  const earlier = agents
    .filter((one) => !noted.has(one.agentId) && one.enrolledMs < first.sinceMs)
    .sort((one, other) => one.enrolledMs - other.enrolledMs);
  const gone = earlier.filter((one) => !serving.has(one.agentId));
  return gone.length > 0 ? gone : earlier;
}

/** Sites that an agent had, or may have had before it was noted who has them: its log may tell of them. */
export function sitesToldBy(
  agentId: string,
  agents: readonly KnownAgent[],
  sites: readonly KnownSite[],
): string[] {
  const ownMs = agents.find((one) => one.agentId === agentId)?.enrolledMs ?? Infinity;
  const mayHaveHad = ({ holders: [first], knownSinceMs }: KnownSite): boolean =>
    first !== undefined && first.sinceMs > ownMs && knownSinceMs < first.sinceMs;
  return sites
    .filter((site) => site.holders.some((one) => one.agentId === agentId) || mayHaveHad(site))
    .map(({ siteId }) => siteId)
    .sort();
}

export const isInTurn = ({ fromMs = -Infinity, toMs = Infinity }: SiteTurn, atMs: number) =>
  atMs >= fromMs && atMs < toMs;
