/**
 * P11: the operator's fleet page with 10,000 agents, over HTTPS at the whole broker while it watches
 * them, p95 over every kind of search, filter and order, beside the same with no agent at all.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { Agent, request } from 'undici';
import { SessionBook } from '#apps/broker/src/access/session-book.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { readBrokerConfig } from '#apps/broker/src/read-broker-config.js';
import { startBroker } from '#apps/broker/src/start-broker.js';
import type { FleetPage } from '#libs/console-api/operator.js';
import { startPostgres } from '#libs/db/postgres-server.fixture.js';
import type { Database } from '#libs/db/schema.js';
import { interleave, type Scenario } from '#test/bench/scenario.js';

const AGENTS = 10_000;
const BAR_MS = 300;
const MS_A_SECOND = 1_000;

const queries = [
  '',
  '?page=150',
  '?states=degraded,unreachable',
  '?search=Practice%20777',
  '?search=nobody%20is%20called%20so',
  '?sort=practice',
  '?sort=databaseMs&direction=down',
  '?sort=clockOffset&direction=down&page=20',
  '?sort=certificate',
  '?cause=silent&sort=heard',
];

/** Names, states and figures that differ; every tenth has trouble. */
async function addAgents(database: Kysely<Database>): Promise<void> {
  const n = sql.raw(`generate_series(1, ${AGENTS}) as n`);
  const key = sql.raw(`decode(md5('a' || n) || md5('b' || n), 'hex')`);
  await database.transaction().execute(async (within) => {
    await sql`insert into practices (practice_id, name)
      select 'practice-' || n, 'Zz Practice ' || n from ${n}`.execute(within);
    await sql`insert into agents (agent_id, practice_id, state, identity_public_key,
        encryption_public_key, encryption_key_since, updated_at)
      select md5('agent' || n)::uuid::text, 'practice-' || n, 'active', ${key}, ${key}, now(), now()
      from ${n}`.execute(within);
    await sql`insert into sites (site_id, practice_id, agent_id, name, pms_type, pms_site_id, status,
        authoritative, catalogues, updated_at)
      select md5('site' || n || '-' || m)::uuid::text, 'practice-' || n, md5('agent' || n)::uuid::text,
        'Zz Site ' || n || '-' || m, 'Sandbox', 'ZZ' || n, 'active', true, '[]', now()
      from ${n}, generate_series(1, 1 + n % 2) as m`.execute(within);
    await sql`update agent_health as health set
        heard_at = now() - made.n % 10 * interval '30 seconds', reported_at = now(),
        joined_at = now(), probed_at = now(), version = '1.' || made.n % 7,
        database = case when made.n % 10 = 1 then 'unavailable' else 'ok' end,
        database_ms = made.n % 400, link_ms = made.n % 90, clock_offset_ms = made.n % 2000 - 1000,
        certificate_ends_at = now() + made.n % 24 * interval '1 hour', waiting = made.n % 5,
        reconnects = made.n % 9
      from (select n, md5('agent' || n)::uuid::text as agent_id from ${n}) as made
      where health.agent_id = made.agent_id`.execute(within);
  });
  await sql`analyze`.execute(database);
}

class FleetBroker {
  private constructor(
    private readonly running: Awaited<ReturnType<typeof startBroker>>,
    private readonly folder: string,
    private readonly cookie: string,
    private readonly agent: Agent,
  ) {}

  static async start(hasAgents: boolean, databaseUrl?: string): Promise<FleetBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'conduit-fleet-'));
    const ports = { CONDUIT_API_PORT: '0', CONDUIT_GATEWAY_PORT: '0', CONDUIT_METRICS_PORT: '0' };
    const store = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
    const config = readBrokerConfig({ CONDUIT_STATE_DIR: folder, ...ports, ...store });
    const running = await startBroker(config, new MemoryEventLog());
    const database = running.app.get<Kysely<Database>>(Kysely, { strict: false });
    if (hasAgents) await addAgents(database);
    const cookie = await signIn(database, running.app.get(SessionBook, { strict: false }));
    const agent = new Agent({ connect: { rejectUnauthorized: false } });
    return new FleetBroker(running, folder, cookie, agent);
  }

  /** @returns milliseconds of the 95th of a hundred pages */
  async p95(): Promise<number> {
    const samples: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (const query of queries) {
        const began = performance.now();
        await this.page(query);
        samples.push(performance.now() - began);
      }
    }
    return samples.sort((a, b) => a - b)[Math.floor(samples.length * 0.95)] as number;
  }

  async page(query: string): Promise<FleetPage> {
    const url = `https://localhost:${this.running.ports.api}/console/api/operator/agents${query}`;
    const headers = { cookie: `__Host-conduit=${this.cookie}` };
    const { statusCode, body } = await request(url, { headers, dispatcher: this.agent });
    const answer = (await body.json()) as FleetPage;
    if (statusCode !== 200) throw new Error(`the fleet page answered ${statusCode}`);
    return answer;
  }

  async stop(): Promise<void> {
    await this.agent.close();
    await this.running.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function signIn(database: Kysely<Database>, sessions: SessionBook): Promise<string> {
  const personId = randomUUID();
  const person = { person_id: personId, name: 'Zz Bench', email: null, updated_at: new Date() };
  await database.insertInto('people').values(person).execute();
  await database
    .insertInto('person_roles')
    .values({
      ...{ person_role_id: randomUUID(), person_id: personId, role: 'operator-support' },
      ...{ practice_id: null, integrator_id: null, expires_at: null, invited_by: 'operator' },
    })
    .execute();
  const start = database.transaction();
  return (await start.execute((within) => sessions.start(within, personId, 'passkey'))).reveal();
}

async function compare(rounds: number, full: FleetBroker, empty: FleetBroker) {
  const { total } = await full.page('');
  if (total !== AGENTS) throw new Error(`the fleet has ${total} agents`);
  return interleave(
    rounds,
    () => full.p95(),
    () => empty.p95(),
  );
}

/** Both run; only one is asked at a time. */
async function measureStore(rounds: number, urls: (string | undefined)[]) {
  const full = await FleetBroker.start(true, urls[0]);
  const empty = await FleetBroker.start(false, urls[1]);
  try {
    return await compare(rounds, full, empty);
  } finally {
    await empty.stop();
    await full.stop();
  }
}

export const fleetPage: Scenario = {
  id: 'P11',
  title: `the operator’s fleet page with ${AGENTS.toLocaleString('en')} agents, p95`,
  bar: `<= ${BAR_MS / MS_A_SECOND} s`,
  holds: (figure) => figure <= BAR_MS / MS_A_SECOND,
  async measure(rounds) {
    const embedded = await measureStore(rounds, [undefined, undefined]);
    const servers = [await startPostgres(), await startPostgres()];
    try {
      const urls = servers.map((server) => server?.url);
      const server = urls.every((url) => url !== undefined)
        ? await measureStore(rounds, urls)
        : undefined;
      const words = (side: 'product' | 'floor') =>
        [
          ...(server ? [`PostgreSQL ${server[side].toFixed(0)} ms`] : []),
          `embedded ${embedded[side].toFixed(0)} ms`,
        ].join(', ');
      const worst = Math.max(embedded.product, server?.product ?? 0);
      return {
        figure: worst / MS_A_SECOND,
        unit: 's',
        product: words('product'),
        floor: `no agents: ${words('floor')}`,
      };
    } finally {
      for (const server of servers) await server?.stop();
    }
  },
};
