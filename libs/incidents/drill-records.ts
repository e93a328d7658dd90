/**
 * A drill: an incident that never was. From a seed come practices, software, keys, statements and the queries
 * between them, as the broker's and the agents' records would have them; and of each query, noted as it is planted,
 * what the pack has to say of it. Names show that nothing of it is real. Pure.
 */
import { createHash } from 'node:crypto';
import type { AuditRecord } from '#libs/audit/audit-record.js';
import type { IncidentScope, Verdict } from '#libs/console-api/incidents.js';
import { plantings, type Planting } from '#libs/incidents/drill-plantings.js';
import { SeededRandom } from '#libs/kernel/seeded-random.js';

const DAY_MS = 86_400_000;
const SLACK_MS = 15 * 60_000;

export interface DrillAgent {
  agentId: string;
  practiceId: string;
  siteIds: string[];
  /** Nobody can ask it; or all of its records up to then are there. */
  answers: 'never' | 'always' | { knownToMs: number };
}

/** A record of one side; the broker's that are not in its log yet are `late`. */
export interface DrillRecord {
  atMs: number;
  agentId: string;
  record: AuditRecord;
  late?: true;
}

/** What is true of one query, from the hand that planted it. */
export interface PlantedQuery {
  practiceId: string;
  siteId: string;
  agentId: string;
  integratorId: string;
  keyId: string;
  purposes: string[];
  fingerprint?: string;
  statementRef?: string;
  at: string;
  verdict: Verdict;
  dispatched: boolean;
  executed: boolean;
  answered: boolean;
  refused: boolean;
  write: boolean;
  rows?: string;
  bytes?: string;
  brokerRecords: number;
  brokerProven: number;
  agentRecords: number;
  mismatch?: { kind: 'dispatched-not-executed' | 'executed-not-dispatched' | 'differs' } & {
    queryId: string;
    fields: string[];
  };
}

export interface DrillWorld {
  seed: number;
  scope: IncidentScope;
  agents: DrillAgent[];
  broker: DrillRecord[];
  journals: DrillRecord[];
  /** Of each permission, by its id; and by site and integrator. */
  purposes: Map<string, string[]>;
  names: Record<string, string>;
  acts: { practiceId: string; type: string; count: number }[];
  /** Only those that are of the window and the scope. */
  planted: PlantedQuery[];
}

/** Somewhere a query can be. */
export interface DrillPlace {
  agent: DrillAgent;
  siteId: string;
  integratorId: string;
  keyId: string;
  purposes: string[];
  statement: { fingerprint: string; statementRef?: string };
}

export const purposesKey = (siteId = '', integratorId = ''): string => `${siteId} ${integratorId}`;

/** @param seed whole number, 0 to 2^32 - 1; the same makes the same world */
export function drillWorld(seed: number): DrillWorld {
  const random = new SeededRandom(seed);
  const fromMs = Date.UTC(2024, 0, 1) + random.between(0, 300) * DAY_MS;
  const toMs = fromMs + 3 * DAY_MS;
  const names: Record<string, string> = {};
  const agents = agentsOf(random, { fromMs, toMs }, names);
  const integrators = Array.from({ length: random.between(2, 3) }, (_, at) => {
    const id = `drill-software-${at + 1}`;
    names[id] = `Zz Drill Software ${at + 1}`;
    return { id, keys: [`drill-key-${at + 1}-a`, `drill-key-${at + 1}-b`] };
  });
  const [suspect, ...others] = integrators as [(typeof integrators)[0], ...typeof integrators];
  const scope: IncidentScope = {
    ...{ practices: [], sites: [], agents: [], integrators: [suspect.id] },
    keys: random.oneIn(3) ? [suspect.keys[0] as string] : [],
    ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
  };
  const world: DrillWorld = {
    ...{ seed, scope, agents, broker: [], journals: [], names },
    ...{ purposes: new Map(), acts: actsOf(random, agents), planted: [] },
  };
  const write = new Plants(world, random);
  for (const agent of agents) {
    for (let count = random.between(20, 40); count > 0; count -= 1) {
      const software = random.oneIn(5) ? random.pick(others) : suspect;
      const place = placeOf(random, world, agent, software);
      // Beyond its end or before its beginning: near, and not of it.
      const isOutside = random.oneIn(8);
      const outsideMs = random.oneIn(2) ? fromMs - SLACK_MS : toMs + SLACK_MS;
      const atMs = isOutside
        ? outsideMs + random.between(-500, 500) * 1_000
        : insideMs(random, agent, fromMs, toMs);
      write.query(place, atMs, random.pick(plantings));
    }
  }
  return world;
}

/** Not where the agent's word ends: what is close to it may be told or not. */
function insideMs(random: SeededRandom, agent: DrillAgent, fromMs: number, toMs: number): number {
  const margin = 60_000;
  const at = (from: number, to: number) => random.between(from + margin, to - margin);
  if (typeof agent.answers === 'string') return at(fromMs, toMs);
  const { knownToMs } = agent.answers;
  return random.oneIn(2) ? at(fromMs, knownToMs - SLACK_MS) : at(knownToMs + SLACK_MS, toMs);
}

function agentsOf(
  random: SeededRandom,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  names: Record<string, string>,
): DrillAgent[] {
  const agents: DrillAgent[] = [];
  for (let practice = 1; practice <= random.between(2, 3); practice += 1) {
    const practiceId = `drill-practice-${practice}`;
    names[practiceId] = `Zz Drill Practice ${practice}`;
    for (let server = 1; server <= random.between(1, 2); server += 1) {
      const agentId = `drill-agent-${practice}-${server}`;
      const siteIds = Array.from({ length: random.between(1, 2) }, (_, at) => {
        const siteId = `drill-site-${practice}-${server}-${at + 1}`;
        names[siteId] = `Zz Drill Site ${practice}.${server}.${at + 1}`;
        return siteId;
      });
      const knownToMs = random.between(fromMs + DAY_MS, toMs - DAY_MS);
      const answers = random.pick(['always', 'always', 'never', { knownToMs }] as const);
      agents.push({ agentId, practiceId, siteIds, answers });
    }
  }
  return agents;
}

function actsOf(random: SeededRandom, agents: readonly DrillAgent[]): DrillWorld['acts'] {
  const practices = [...new Set(agents.map(({ practiceId }) => practiceId))];
  return practices.flatMap((practiceId) =>
    ['grant.approved', 'statement.asked'].map((type) => ({
      ...{ practiceId, type },
      count: random.between(1, 4),
    })),
  );
}

function placeOf(
  random: SeededRandom,
  world: DrillWorld,
  agent: DrillAgent,
  software: { id: string; keys: readonly string[] },
): DrillPlace {
  const siteId = random.pick(agent.siteIds);
  const key = purposesKey(siteId, software.id);
  const purposes =
    world.purposes.get(key) ??
    random.pick([['TREAT'], ['PATADMIN'], ['HPAYMT', 'TREAT'], ['HRESCH']]);
  world.purposes.set(key, purposes);
  const number = random.between(1, 4);
  const fingerprint = createHash('sha256')
    .update(`zz ${world.seed} ${agent.practiceId} ${number}`)
    .digest('hex');
  const statement = { fingerprint, ...(number === 1 && { statementRef: 'procedure:ZzDrill' }) };
  const { id: integratorId, keys } = software;
  return { agent, siteId, integratorId, keyId: random.pick(keys), purposes, statement };
}

/** Writes queries down, on both sides and in the truth. */
class Plants {
  private count = 0;

  constructor(
    private readonly world: DrillWorld,
    private readonly random: SeededRandom,
  ) {}

  query(place: DrillPlace, atMs: number, plant: Planting): void {
    this.count += 1;
    const { agent, integratorId, keyId } = place;
    const { scope } = this.world;
    const isLate = this.random.oneIn(12);
    const isWrite = this.random.oneIn(6);
    const queryId = drillQueryId(this.world.seed, this.count);
    const about = { place, atMs, queryId, isWrite, random: this.random };
    const { broker, journal, truth } = plant({ ...about, isKnown: isKnown(agent, atMs) });
    const { agentId } = agent;
    this.world.broker.push(
      ...broker.map((record) => ({
        ...{ atMs: Date.parse(record.ts), agentId, record },
        ...(isLate && ({ late: true } as const)),
      })),
    );
    this.world.journals.push(
      ...journal.map((record) => ({ atMs: Date.parse(record.ts), agentId, record })),
    );
    const isInside = atMs >= Date.parse(scope.from) && atMs < Date.parse(scope.to);
    const isMeant =
      scope.integrators.includes(integratorId) &&
      (scope.keys.length === 0 || scope.keys.includes(keyId));
    if (!truth || !isInside || !isMeant) return;
    const { practiceId } = agent;
    const { siteId, purposes } = place;
    this.world.planted.push({
      ...{ practiceId, siteId, agentId, integratorId, keyId, purposes },
      ...{ at: new Date(atMs).toISOString(), write: isWrite && truth.executed, ...truth },
      brokerProven: isLate ? 0 : truth.brokerRecords,
    });
  }
}

/** In the form of ids of queries, and none that is ever drawn. */
const drillQueryId = (seed: number, count: number): string =>
  `d0d0d0d0-0000-4000-8000-${seed.toString(16).padStart(8, '0')}${count.toString(16).padStart(4, '0')}`;

function isKnown({ answers }: DrillAgent, atMs: number): boolean {
  if (typeof answers === 'string') return answers === 'always';
  return atMs < answers.knownToMs;
}
