/**
 * Two broker nodes that play every role, one PostgreSQL and one Redis between them, and a balancer
 * before their gateways. What a caller asks of the node that does not hold the agent's link is sent on
 * to the one that does, at its own pace, and is cancelled with it. The node that holds the link is killed,
 * and frozen, while queries run: the agent moves, each query ends, and nothing is done or told twice.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Receiver } from '#apps/broker/src/webhooks/receiver.fixture.js';
import { HttpsJson } from '#deploy/dev/https-json.js';
import { startPostgres, type PostgresServer } from '#libs/db/postgres-server.fixture.js';
import { asLines, asProblem, dataOf, problemOf, residentBytes } from '#test/e2e/answers.fixture.js';
import { ClinicDatabase, isSandbox } from '#test/e2e/clinic-database.fixture.js';
import type { EvidencePack, OpenedIncident } from '#libs/console-api/incidents.js';
import type { ActionText } from '#libs/console-api/session.js';
import { atNode, personAt } from '#test/console/person-at.fixture.js';
import { FaultProxy } from '#test/faults/fault-proxy.js';
import { BrokerNode } from '#test/support/broker-node.js';
import { settle } from '#test/support/settle.js';
import { startConduit, type TestConduit } from '#test/support/start-conduit.js';

const TABLE = 'dbo.ZzNodes';
const ENDED = ['successful', 'executionFailed', 'uploadFailed', 'expiredInQueue'];
/** A second or two of work. */
const WRITE_MS = 1_000;
const WITHIN_MS = 60_000;
const MEGABYTE = 1_048_576;
/** Runs for minutes unless something stops it. */
const ENDLESS_ROWS = `SELECT a.INTERNALID AS n, REPLICATE('z', 400) AS t
  FROM dbo.Patient a CROSS JOIN dbo.Patient b CROSS JOIN dbo.Patient c CROSS JOIN dbo.Patient d`;

let postgres: PostgresServer;
let receiver: Receiver;
let conduit: TestConduit;
let database: ClinicDatabase;
/** Nodes listen for agents at one port of addresses of their own; the balancer has 127.0.0.1. */
let balancer: FaultProxy;
let gatewayPort: number;
let active = '127.0.0.2';
const nodes: BrokerNode[] = [];
const callers: HttpsJson[] = [];

const envOf = (gatewayHost: string): Record<string, string> => ({
  CONDUIT_GATEWAY_HOST: gatewayHost,
  CONDUIT_GATEWAY_PORT: String(gatewayPort),
  CONDUIT_NODE_ADDRESS: gatewayHost,
  CONDUIT_NODE_HOST: gatewayHost,
  CONDUIT_NODE_PORT: '0',
  CONDUIT_REGISTERED_MIN_SECONDS: '1',
  CONDUIT_WEBHOOK_PRIVATE_RANGES: '127.0.0.0/8,::1',
  CONDUIT_WEBHOOK_CA_FILE: receiver.caFile,
  DATABASE_URL: postgres.url,
});

function callerAt(origin: string): HttpsJson {
  const key = { 'ocp-apim-subscription-key': conduit.integrator.subscriptionKey };
  const caller = new HttpsJson(origin, conduit.conduit.caFile, key);
  callers.push(caller);
  return caller;
}

async function startNode(name: string, gatewayHost: string): Promise<HttpsJson> {
  const env = { ...envOf(gatewayHost), REDIS_URL: conduit.conduit.redis?.url ?? '' };
  const { stateDirectory } = conduit.conduit.options;
  const node = await BrokerNode.start(stateDirectory, name, env);
  nodes.push(node);
  return callerAt(`https://localhost:${node.ports.api}`);
}

/** Writes and reads, half of them at each node. @returns the ids, writes first */
async function submitMany(at: HttpsJson[], nonces: string[]): Promise<string[]> {
  const write = (nonce: string): object => ({
    text: `WAITFOR DELAY '00:00:0${WRITE_MS / 1_000}'; INSERT INTO ${TABLE} VALUES ('${nonce}')`,
    executionMode: 'nonQuery',
  });
  const read = { text: 'SELECT TOP 50 INTERNALID AS n FROM dbo.Patient ORDER BY INTERNALID' };
  const commands = [...nonces.map(write), ...nonces.map(() => read)];
  const sent = commands.map(async (command, i) => {
    const caller = at[i % at.length]!;
    const { body } = await caller.request('POST', `${conduit.queriesPath}/async`, { command });
    return (body as { id: string }).id;
  });
  return Promise.all(sent);
}

const statusAt = async (caller: HttpsJson, id: string): Promise<Record<string, unknown>> =>
  (await caller.request('GET', `${conduit.queriesPath}/${id}`)).body as Record<string, unknown>;

function untilAllEnd(caller: HttpsJson, ids: string[]): Promise<string[]> {
  return settle('all have ended', WITHIN_MS, async () => {
    const views = await Promise.all(ids.map((id) => statusAt(caller, id)));
    const states = views.map(({ status }) => String(status));
    return states.every((state) => ENDED.includes(state)) ? states : undefined;
  });
}

async function timesWritten(nonces: string[]): Promise<number[]> {
  const rows = await database.query(`SELECT Nonce, COUNT(*) AS n FROM ${TABLE} GROUP BY Nonce`);
  const counts = new Map(rows.map(({ Nonce, n }) => [String(Nonce), Number(n)]));
  return nonces.map((nonce) => counts.get(nonce) ?? 0);
}

/** How often the receiver was told of each, by the id of the event: a repeated delivery keeps it. */
async function timesTold(ids: string[]): Promise<number[]> {
  return settle('all are told', WITHIN_MS, () => {
    const told = receiver.calls.map(({ body }) => JSON.parse(body.toString()) as TellingBody);
    const events = ids.map(
      (id) => new Set(told.filter((one) => one.queryId === id).map((one) => one.id)),
    );
    return events.every(({ size }) => size > 0) ? events.map(({ size }) => size) : undefined;
  });
}

interface TellingBody {
  id: string;
  queryId: string;
}

const newNonces = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

(isSandbox ? describe : describe.skip)('two nodes', () => {
  let first: HttpsJson;
  let second: HttpsJson;

  beforeAll(async () => {
    balancer = new FaultProxy(() => ({ host: active, port: gatewayPort }));
    gatewayPort = await balancer.start();
    [postgres, receiver] = await Promise.all([startPostgres().then((it) => it!), Receiver.start()]);
    conduit = await startConduit({
      stateDirectory: mkdtempSync(join(tmpdir(), 'conduit-test-')),
      scale: 100,
      ceiling: { rawSqlWrites: true },
      approval: ['--scopes', 'sql:read,sql:write', '--per-minute', '6000', '--rows', '5000000'],
      brokerEnv: envOf('127.0.0.2'),
      site: { limits: { minFrequencySeconds: 1 } },
    });
    first = callerAt(conduit.conduit.apiOrigin);
    second = await startNode('second', '127.0.0.3');
    database = await ClinicDatabase.connect(conduit, 'admin');
    await database.query(`CREATE TABLE ${TABLE} (Nonce varchar(40) NOT NULL)`);
    await first.expect('POST', '/integrator/webhooks', {
      ...{ url: receiver.url, events: ['query.succeeded', 'query.failed'] },
    });
  }, 120_000);

  afterAll(async () => {
    await database?.close();
    for (const caller of callers) await caller.close();
    for (const node of nodes) {
      node.program.process.kill('SIGCONT');
      await node.stop();
    }
    await conduit?.stop();
    await Promise.all([balancer?.stop(), receiver?.stop(), postgres?.stop()]);
  });

  test('a query is taken at either node and seen at both', async () => {
    const ids = await submitMany([first, second], newNonces(2));
    for (const caller of [first, second])
      expect(await untilAllEnd(caller, ids)).toEqual(ids.map(() => 'successful'));
  }, 60_000);

  describe('asked of the node without the agent', () => {
    const elsewhere = () => ({ origin: second.origin });

    test('a query is answered as the other node answers it, and over that one', async () => {
      const read = { text: 'SELECT TOP 50 * FROM dbo.Patient ORDER BY INTERNALID' };
      const [there, here] = [
        await conduit.query(read, {}, '', elsewhere()),
        await conduit.query(read),
      ];
      expect(dataOf(there)).toEqual(dataOf(here));
      const fails = await conduit.query({ text: 'SELECT 1 / 0 AS n' }, {}, '', {
        ...{ ...elsewhere(), headers: asProblem },
      });
      expect(problemOf(fails)).toMatchObject({ errorDetails: { errorCode: 8134 } });
      const metrics = await fetch(`http://127.0.0.1:${nodes[0]!.ports.metrics}/metrics`);
      expect(await metrics.text()).toMatch(
        /^conduit_forwarded_requests_total\{outcome="taken"\} [1-9]/m,
      );
    });

    test('a write is done once, and found', async () => {
      const [nonce] = newNonces(1);
      const command = {
        text: `INSERT INTO ${TABLE} VALUES ('${nonce}')`,
        executionMode: 'nonQuery',
      };
      const headers = { 'idempotency-key': nonce! };
      const sent = { ...elsewhere(), headers };
      const answers = [
        await conduit.query(command, {}, '', sent),
        await conduit.query(command, {}, '', sent),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(answers[1]!.headers['idempotent-replayed']).toBe('true');
      expect(await timesWritten([nonce!])).toEqual([1]);
      const path = `/integrator/sites/${conduit.siteId}/writes/${nonce}`;
      const found = await conduit.call('GET', path, elsewhere());
      expect(found.body).toMatchObject({ state: 'applied' });
    });

    test('rows flow no faster than their reader through both nodes, and end with their caller', async () => {
      const pids = [conduit.conduit.broker!.pid, nodes[0]!.program.process.pid!];
      const answer = await conduit.open('POST', `${conduit.queriesPath}/immediate`, {
        ...{ ...elsewhere(), headers: asLines, body: { command: { text: ENDLESS_ROWS } } },
      });
      const rows = answer.body[Symbol.asyncIterator]();
      const take = async (bytes: number): Promise<void> => {
        for (let taken = 0; taken < bytes;) taken += ((await rows.next()).value as Buffer).length;
      };
      await take(8 * MEGABYTE);
      const before = pids.map(residentBytes);
      // What flows when nobody reads shows after a while only: this is the one wait for its own sake.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const grown = pids.map((pid, i) => residentBytes(pid) - before[i]!);
      expect(Math.max(...grown)).toBeLessThan(48 * MEGABYTE);
      expect(await database.runningStatements()).not.toHaveLength(0);
      await take(4 * MEGABYTE);
      answer.body.destroy();
      await database.untilNothingRuns(2_000);
    }, 30_000);

    test('an evidence pack has what the agent itself recorded', async () => {
      const officer = await personAt(conduit, { role: 'operator-security' });
      const none = { practices: [], agents: [], integrators: [], keys: [] };
      const [from, to] = [Date.now() - 3_600_000, Date.now()].map((at) =>
        new Date(at).toISOString(),
      );
      const body = {
        ...{ title: 'Zz incident', noticed: 'alert', myHealthRecord: 'no', awareAt: from },
        scope: { ...none, sites: [conduit.siteId], from, to },
      };
      const stepUp = await officer.stepUp({ type: 'incident.open', ...body } as ActionText);
      const incidents = '/operator/incidents';
      const { incidentId } = await officer.json<OpenedIncident>('POST', incidents, {
        ...{ ...body, stepUp },
      });
      const there = atNode(conduit, officer, second.origin);
      const packs = `${incidents}/${incidentId}/packs`;
      const { packId } = await there.json<{ packId: string }>('POST', packs, {});
      const content = await settle('the pack is made', WITHIN_MS, async () => {
        const pack = await there.json<EvidencePack>('GET', `${packs}/${packId}`);
        return pack.state === 'making' ? undefined : pack.content;
      });
      expect(content?.agents).toMatchObject([{ state: 'in-part', logSize: expect.any(Number) }]);
      expect(content?.totals.verdicts.both).toBeGreaterThan(0);
    }, 60_000);

    test('a caller who leaves before any row stops the statement', async () => {
      const caller = new AbortController();
      const { signal } = caller;
      const asking = conduit.query({ text: "WAITFOR DELAY '00:01:00'" }, {}, '', {
        ...{ ...elsewhere(), signal },
      });
      asking.catch(() => undefined);
      await database.untilStatementRuns();
      caller.abort();
      await database.untilNothingRuns(2_000);
    });
  });

  test('the agent moves when its node is killed, and every query ends, once', async () => {
    const nonces = newNonces(8);
    const ids = await submitMany([first, second], nonces);
    // Of queries that were sent on to that node nobody knows whether they were done.
    const waits = { text: "WAITFOR DELAY '00:01:00'; SELECT 1 AS n" };
    const cut = [waits, { ...waits, executionMode: 'nonQuery' }].map((command) =>
      conduit.query(command, {}, '', { origin: second.origin, headers: asProblem }),
    );
    await database.untilStatementRuns();
    active = '127.0.0.3';
    await conduit.conduit.broker?.kill();
    for (const answer of await Promise.all(cut)) {
      expect(problemOf(answer)).toMatchObject({ code: 'SITE_LOST', retry: 'unknown' });
    }
    expect(await untilAllEnd(second, ids)).toEqual(ids.map(() => 'successful'));
    expect(await timesWritten(nonces)).toEqual(nonces.map(() => 1));
    expect(await timesTold(ids)).toEqual(ids.map(() => 1));
    const path = `${conduit.queriesPath}/immediate`;
    const answer = await second.request('POST', path, { command: { text: 'SELECT 1 AS n' } });
    expect(answer.status).toBe(200);
  }, 90_000);

  test('a node that was frozen for longer than its claims last changes nothing when it thaws', async () => {
    const third = await startNode('third', '127.0.0.2');
    const nonces = newNonces(8);
    const ids = await submitMany([second, third], nonces);
    await database.untilStatementRuns();
    active = '127.0.0.2';
    const frozen = nodes[0]!.program.process;
    frozen.kill('SIGSTOP');
    // What a balancer does with a node that answers nothing.
    balancer.cut();
    expect(await untilAllEnd(third, ids)).toEqual(ids.map(() => 'successful'));
    frozen.kill('SIGCONT');
    // It answers again, and tells what the other one found.
    expect(await untilAllEnd(second, ids)).toEqual(ids.map(() => 'successful'));
    expect(await timesWritten(nonces)).toEqual(nonces.map(() => 1));
    expect(await timesTold(ids)).toEqual(ids.map(() => 1));
    // It has no link to the agent any more, and asks the node that has one.
    const read = { command: { text: 'SELECT 1 AS n' } };
    const { status } = await second.request('POST', `${conduit.queriesPath}/immediate`, read);
    expect(status).toBe(200);
  }, 120_000);
});
