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
  /** That it has now; absent: none. */
  agentId?: string;
  knownSinceMs: number;
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
  const serving = new Set(sites.map(({ agentId }) => agentId));
  return sites.flatMap((site): SiteTurn[] => {
    const { siteId, agentId, knownSinceMs } = site;
    const own = agentId === undefined ? {} : { agentId };
    const enrolledMs = agents.find((one) => one.agentId === agentId)?.enrolledMs ?? Infinity;
    const earlier = agents
      .filter((one) => one.agentId !== agentId && one.enrolledMs < enrolledMs)
      .sort((one, other) => one.enrolledMs - other.enrolledMs);
    // A site that came with its server was no other's before.
    if (agentId === undefined || knownSinceMs >= enrolledMs || earlier.length === 0)
      return [{ siteId, ...own, isSure: true }];
    const gone = earlier.filter((one) => !serving.has(one.agentId));
    const former = gone.length > 0 ? gone : earlier;
    const isSure = former.length === 1 || sites.length === 1;
    const turns = former.map((one, at): SiteTurn => ({
      ...{ siteId, agentId: one.agentId, isSure },
      ...(at > 0 && { fromMs: one.enrolledMs }),
      toMs: former[at + 1]?.enrolledMs ?? enrolledMs,
    }));
    return [...turns, { siteId, ...own, fromMs: enrolledMs, isSure: true }];
  });
}

/** Sites that an agent has, or that another took over after it was enrolled: its log may tell of them. */
export function sitesToldBy(
  agentId: string,
  agents: readonly KnownAgent[],
  sites: readonly KnownSite[],
): string[] {
  const enrolledOf = (id?: string) => agents.find((one) => one.agentId === id)?.enrolledMs;
  const ownMs = enrolledOf(agentId) ?? Infinity;
  const isTakenOver = ({ agentId: later, knownSinceMs }: KnownSite): boolean => {
    const laterMs = enrolledOf(later) ?? -Infinity;
    return laterMs > ownMs && knownSinceMs < laterMs;
  };
  return sites
    .filter((site) => site.agentId === agentId || isTakenOver(site))
    .map(({ siteId }) => siteId)
    .sort();
}

export const isInTurn = ({ fromMs = -Infinity, toMs = Infinity }: SiteTurn, atMs: number) =>
  atMs >= fromMs && atMs < toMs;
