/**
 * What a drill's pack has to say to the letter, added up from what was planted, one query at a time, and by
 * nothing that the pack is made by. The numbers of leaves and the logs' heads are those of the made-up logs themselves.
 */
import {
  verdicts,
  type PackAgent,
  type PackContent,
  type PackCounts,
  type PackLine,
  type PackSum,
  type Verdict,
} from '#libs/console-api/incidents.js';
import { drillLogs } from '#libs/incidents/drill-pack.js';
import type { DrillAgent, DrillWorld, PlantedQuery } from '#libs/incidents/drill-records.js';

const SLACK_MS = 15 * 60_000;

export function drillTruth(world: DrillWorld, incidentId: string): PackContent {
  const { scope, planted, agents, acts } = world;
  const logs = drillLogs(world);
  const leafOf = (side: readonly { index: number; record: { queryId?: string } }[], id: string) =>
    side.find(({ record }) => record.queryId === id)?.index;
  const sumsBy = (idsOf: (one: PlantedQuery) => readonly string[]): PackSum[] => {
    const ids = [...new Set(planted.flatMap((one) => [...idsOf(one)]))].sort();
    return ids.map((id) => ({
      id,
      counts: tally(planted.filter((one) => idsOf(one).includes(id))),
    }));
  };
  const statementOf = (one: PlantedQuery) => one.fingerprint ?? one.statementRef;
  const practiceIds = [...new Set(planted.map(({ practiceId }) => practiceId))].sort();
  return {
    format: 'conduit-incident-pack/1',
    ...{ incidentId, drill: true, scope, checkpoint: logs.checkpoint },
    agents: agents.map((agent) => standing(agent, world, logs)).sort(by(({ agentId }) => agentId)),
    totals: tally(planted),
    practices: sumsBy(({ practiceId }) => [practiceId]),
    sites: sumsBy(({ siteId }) => [siteId]),
    integrators: sumsBy(({ integratorId }) => [integratorId]),
    keys: sumsBy(({ keyId }) => [keyId]),
    purposes: sumsBy(({ purposes }) => purposes),
    statements: practiceIds.flatMap((practiceId) => {
      const own = planted.filter((one) => one.practiceId === practiceId);
      const ids = [...new Set(own.flatMap((one) => statementOf(one) ?? []))].sort();
      return ids.map((id) => ({
        ...{ id, practiceId },
        counts: tally(own.filter((one) => statementOf(one) === id)),
      }));
    }),
    lines: linesOf(planted),
    mismatches: planted
      .flatMap(({ mismatch, agentId, practiceId, siteId, integratorId }) => {
        if (!mismatch) return [];
        const brokerLeaf = leafOf(logs.broker, mismatch.queryId);
        const agentLeaf = leafOf(logs.journals.get(agentId)?.records ?? [], mismatch.queryId);
        return {
          ...{ ...mismatch, agentId, practiceId, siteId, integratorId },
          ...(brokerLeaf !== undefined && brokerLeaf >= 0 && { brokerLeaf }),
          ...(agentLeaf !== undefined && { agentLeaf }),
        };
      })
      .sort(by(({ queryId }) => `"${queryId}"`)),
    acts: [...new Set(acts.map(({ type }) => type))].sort().map((type) => ({
      type,
      count: acts.filter((act) => act.type === type).reduce((sum, { count }) => sum + count, 0),
    })),
  };
}

const by =
  <One>(textOf: (one: One) => string) =>
  (a: One, b: One): number =>
    textOf(a) < textOf(b) ? -1 : 1;

function tally(queries: readonly PlantedQuery[]): PackCounts {
  const how = (is: (one: PlantedQuery) => boolean): number => queries.filter(is).length;
  const classes = (name: 'rows' | 'bytes'): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const { [name]: bucket } of queries)
      if (bucket !== undefined) found[bucket] = (found[bucket] ?? 0) + 1;
    return found;
  };
  const all = (name: 'brokerRecords' | 'brokerProven' | 'agentRecords'): number =>
    queries.reduce((sum, one) => sum + one[name], 0);
  const times = queries.map(({ at }) => at).sort();
  const [from] = times;
  const to = times.at(-1);
  return {
    queries: queries.length,
    dispatched: how(({ dispatched }) => dispatched),
    executed: how(({ executed }) => executed),
    answered: how(({ answered }) => answered),
    refused: how(({ refused }) => refused),
    writes: how(({ write }) => write),
    ...{ rows: classes('rows'), bytes: classes('bytes') },
    verdicts: Object.fromEntries(
      verdicts.map((verdict) => [verdict, how((one) => one.verdict === verdict)]),
    ) as Record<Verdict, number>,
    brokerRecords: all('brokerRecords'),
    brokerProven: all('brokerProven'),
    agentRecords: all('agentRecords'),
    ...(from !== undefined && to !== undefined && { from, to }),
  };
}

function linesOf(planted: readonly PlantedQuery[]): PackLine[] {
  const keyOf = (one: PlantedQuery): string =>
    JSON.stringify([
      ...[one.practiceId, one.siteId, one.agentId, one.integratorId, one.keyId],
      ...[[...one.purposes].sort(), one.fingerprint, one.statementRef],
    ]);
  return [...new Set(planted.map(keyOf))].sort().map((key) => {
    const own = planted.filter((one) => keyOf(one) === key);
    const {
      practiceId,
      siteId,
      agentId,
      integratorId,
      keyId,
      purposes,
      fingerprint,
      statementRef,
    } = own[0] as PlantedQuery;
    return {
      ...{ practiceId, siteId, agentId, integratorId, keyId, purposes: [...purposes].sort() },
      ...(fingerprint !== undefined && { fingerprint }),
      ...(statementRef !== undefined && { statementRef }),
      counts: tally(own),
    };
  });
}

function standing(
  { agentId, practiceId, siteIds, answers }: DrillAgent,
  { scope }: DrillWorld,
  { journals }: ReturnType<typeof drillLogs>,
): PackAgent {
  const about = { agentId, practiceId, siteIds: [...siteIds].sort() };
  if (answers === 'never') return { ...about, state: 'away' };
  const { size: logSize = 0, root: logRoot = '' } = journals.get(agentId) ?? {};
  const head = { logSize, logRoot };
  if (answers === 'always') return { ...about, state: 'compared', comparedTo: scope.to, ...head };
  const comparedTo = new Date(answers.knownToMs - SLACK_MS).toISOString();
  return { ...about, state: 'in-part', comparedTo, ...head };
}
