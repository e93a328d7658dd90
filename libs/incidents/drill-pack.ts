/** The drill's pack, made as every other pack is; its records come out of memory. */
import { auditLeaf } from '#libs/audit/audit-leaf.js';
import { GrowingTree } from '#libs/audit/growing-tree.js';
import type { LoggedRecord } from '#libs/audit/reconcile.js';
import { leafHash } from '#libs/audit/tree-hash.js';
import type { PackAgent } from '#libs/console-api/incidents.js';
import { gatherEvidence, type EvidenceSource } from '#libs/incidents/gather-evidence.js';
import { purposesKey, type DrillRecord, type DrillWorld } from '#libs/incidents/drill-records.js';
import type { PackParts } from '#libs/incidents/pack-content.js';

/** Both kinds of logs of a drill: each record has its number there. */
export interface DrillLogs {
  checkpoint: { size: number; root: string };
  broker: (LoggedRecord & { agentId: string; atMs: number })[];
  journals: Map<
    string,
    { size: number; root: string; records: (LoggedRecord & { atMs: number })[] }
  >;
}

export function drillLogs({ agents, broker, journals }: DrillWorld): DrillLogs {
  const inOrder = (records: readonly DrillRecord[]) => [...records].sort((a, b) => a.atMs - b.atMs);
  const settled = inOrder(broker.filter(({ late }) => !late));
  const waiting = inOrder(broker.filter(({ late }) => late));
  const logged = (records: readonly DrillRecord[], isIn = true) =>
    records.map(({ record, agentId, atMs }, at) => ({
      ...{ index: isIn ? at : -1, text: auditLeaf(record), record, agentId, atMs },
    }));
  const inLog = logged(settled);
  return {
    checkpoint: headOf(inLog),
    broker: [...inLog, ...logged(waiting, false)],
    journals: new Map(
      agents.map(({ agentId }) => {
        const own = logged(inOrder(journals.filter((one) => one.agentId === agentId)));
        return [agentId, { ...headOf(own), records: own }];
      }),
    ),
  };
}

function headOf(records: readonly LoggedRecord[]): { size: number; root: string } {
  const tree = GrowingTree.empty();
  tree.append(records.map(({ text }) => leafHash(Buffer.from(text))));
  return { size: tree.size, root: tree.root().toString('base64') };
}

function drillSource(world: DrillWorld, logs: DrillLogs): EvidenceSource {
  const { scope, purposes } = world;
  return {
    broker: ({ agentId }, fromMs, toMs) =>
      Promise.resolve(
        logs.broker.filter(
          (one) =>
            one.agentId === agentId &&
            one.atMs >= fromMs &&
            one.atMs < toMs &&
            one.record.type !== 'registered.created',
        ),
      ),
    brokerOf: ({ agentId }, queryIds) =>
      Promise.resolve(
        logs.broker.filter(
          (one) => one.agentId === agentId && queryIds.includes(one.record.queryId ?? ''),
        ),
      ),
    agent: ({ agentId = '' }, fromMs, toMs) => {
      const agent = world.agents.find((one) => one.agentId === agentId);
      const journal = logs.journals.get(agentId);
      if (!agent || !journal || agent.answers === 'never') return Promise.resolve('away');
      const knownToMs =
        agent.answers === 'always' ? Date.parse(scope.to) + 86_400_000 : agent.answers.knownToMs;
      const records = journal.records.filter(
        ({ atMs }) => atMs >= fromMs && atMs < Math.min(toMs, knownToMs),
      );
      return Promise.resolve({ ...journal, records, knownToMs });
    },
    purposesOf: ({ site, integrator }) => purposes.get(purposesKey(site, integrator)) ?? [],
    nowMs: () => Date.parse(scope.to) + 86_400_000,
  };
}

export async function drillParts(world: DrillWorld, incidentId: string): Promise<PackParts> {
  const logs = drillLogs(world);
  const source = drillSource(world, logs);
  const { scope, acts } = world;
  const order = { scope, checkpointSize: logs.checkpoint.size };
  const found = [];
  for (const agent of world.agents) found.push(await gatherEvidence(source, agent, order));
  return {
    ...{ incidentId, drill: true, scope, checkpoint: logs.checkpoint, acts },
    agents: found.map(({ agent }) => agent as PackAgent),
    lines: found.flatMap(({ lines }) => lines),
    mismatches: found.flatMap(({ mismatches }) => mismatches),
  };
}
