/**
 * An evidence pack put together out of what was counted of each agent: sorted, so that the same lines make
 * the same text and the same hash, in whatever order they came. A practice's own part is the same over fewer
 * lines. Pure.
 */
import { createHash } from 'node:crypto';
import type {
  IncidentScope,
  PackContent,
  PackCut,
  PackLine,
  PackMismatch,
  PackSum,
} from '#libs/console-api/incidents.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { keyOfLine } from '#libs/incidents/count-queries.js';
import { addTo, noCounts, sumOf } from '#libs/incidents/pack-counts.js';

/** More lines than anybody reads; beyond, sums alone still count everything, and the pack says so. */
export const MOST_PACK_LINES = 20_000;
export const MOST_PACK_MISMATCHES = 5_000;

export type PackParts = Pick<
  PackContent,
  'incidentId' | 'drill' | 'scope' | 'checkpoint' | 'agents' | 'lines' | 'mismatches'
> & {
  /** By practice; without one: of the whole. */
  acts: readonly { practiceId?: string; type: string; count: number }[];
  cut?: readonly PackCut[];
};

export function packContent(parts: PackParts): PackContent {
  const { incidentId, drill, scope, checkpoint } = parts;
  const lines = merged(parts.lines);
  const mismatches = [...parts.mismatches].sort(byText(textOfMismatch));
  const cut = [...(parts.cut ?? []), ...cutOf(lines, mismatches)];
  const by = (idsOf: (line: PackLine) => readonly (string | undefined)[]) => sums(lines, idsOf);
  return {
    format: 'conduit-incident-pack/1',
    ...{ incidentId, drill, scope: sortedScope(scope), checkpoint },
    agents: [...parts.agents].sort(byText(({ agentId }) => agentId)),
    totals: sumOf(lines.map(({ counts }) => counts)),
    practices: by((line) => [line.practiceId]),
    sites: by((line) => [line.siteId]),
    integrators: by((line) => [line.integratorId]),
    keys: by((line) => [line.keyId]),
    purposes: by((line) => line.purposes),
    statements: statementsOf(lines),
    lines: lines.slice(0, MOST_PACK_LINES),
    mismatches: mismatches.slice(0, MOST_PACK_MISMATCHES),
    acts: actsOf(parts.acts),
    ...(cut.length > 0 && { cut }),
  };
}

/** What a practice may see of it. */
export const partsOfPractice = (parts: PackParts, practiceId: string): PackParts => {
  const isOwn = (one: { practiceId?: string }): boolean => one.practiceId === practiceId;
  return {
    ...parts,
    scope: scopeOfPractice(parts.scope, practiceId),
    agents: parts.agents.filter(isOwn),
    lines: parts.lines.filter(isOwn),
    mismatches: parts.mismatches.filter(isOwn),
    acts: parts.acts.filter(isOwn),
    cut: (parts.cut ?? []).filter(isOwn),
  };
};

/** Where an incident of the operator's looks, as a practice may know it: no other practice, site, server or key is named. */
export const scopeOfPractice = (scope: IncidentScope, practiceId: string): IncidentScope => ({
  ...scope,
  ...{ practices: [practiceId], sites: [], agents: [], keys: [] },
});

/** @returns the canonical text and its SHA-256 in hex */
export function sealPack(content: PackContent): { text: string; hash: string } {
  const text = canonicalJson(content);
  return { text, hash: createHash('sha256').update(text).digest('hex') };
}

/** The same ids in the same order, however somebody entered them. */
export function sortedScope(scope: PackContent['scope']): PackContent['scope'] {
  const sorted = (ids: readonly string[]): string[] => [...new Set(ids)].sort();
  return {
    practices: sorted(scope.practices),
    sites: sorted(scope.sites),
    agents: sorted(scope.agents),
    integrators: sorted(scope.integrators),
    keys: sorted(scope.keys),
    from: new Date(scope.from).toISOString(),
    to: new Date(scope.to).toISOString(),
  };
}

const byText =
  <One>(textOf: (one: One) => string) =>
  (a: One, b: One): number => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : Number(left > right);
  };

const textOfMismatch = ({ queryId, kind, agentId, agentLeaf = 0 }: PackMismatch): string =>
  JSON.stringify([queryId, kind, agentId, String(agentLeaf).padStart(16, '0')]);

/** Lines of several pieces that are the same; the counts that were given are not changed. */
function merged(lines: readonly PackLine[]): PackLine[] {
  const found = new Map<string, PackLine>();
  for (const line of lines) {
    const key = keyOfLine(line);
    const known = found.get(key);
    if (known) addTo(known.counts, line.counts);
    else found.set(key, { ...line, counts: sumOf([line.counts]) });
  }
  return [...found.entries()].sort(byText(([key]) => key)).map(([, line]) => line);
}

function sums(
  lines: readonly PackLine[],
  idsOf: (line: PackLine) => readonly (string | undefined)[],
): PackSum[] {
  const found = new Map<string, PackSum>();
  for (const line of lines) {
    for (const id of idsOf(line)) {
      if (id === undefined) continue;
      const sum = found.get(id) ?? { id, counts: noCounts() };
      addTo(sum.counts, line.counts);
      found.set(id, sum);
    }
  }
  return [...found.values()].sort(byText(({ id }) => id));
}

function statementsOf(lines: readonly PackLine[]): PackContent['statements'] {
  const known = lines.filter((line) => (line.fingerprint ?? line.statementRef) !== undefined);
  const practices = [...new Set(known.map(({ practiceId }) => practiceId))].sort();
  return practices.flatMap((practiceId) =>
    sums(
      known.filter((line) => line.practiceId === practiceId),
      (line) => [line.fingerprint ?? line.statementRef],
    ).map((sum) => ({ ...sum, practiceId })),
  );
}

function actsOf(acts: PackParts['acts']): PackContent['acts'] {
  const found = new Map<string, number>();
  for (const { type, count } of acts) found.set(type, (found.get(type) ?? 0) + count);
  return [...found]
    .map(([type, count]) => ({ type, count }))
    .sort(byText(({ type }: { type: string }) => type));
}

function cutOf(lines: readonly PackLine[], mismatches: readonly PackMismatch[]): PackCut[] {
  const told: [string, number, number][] = [
    ['lines', lines.length, MOST_PACK_LINES],
    ['mismatches', mismatches.length, MOST_PACK_MISMATCHES],
  ];
  return told
    .filter(([, count, most]) => count > most)
    .map(([what, count, most]) => ({
      reason: 'too-many-lines',
      words: `${count} ${what}, of which the first ${most} are listed. All of them are in the sums.`,
    }));
}
