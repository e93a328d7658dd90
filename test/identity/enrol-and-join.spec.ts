import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { agentPatterns } from '#libs/contracts/link-messages.js';
import { enrolAgent, startConnectedAgent, type TestAgent } from '#test/identity/agent.fixture.js';
import {
  startTestBroker,
  type TestBroker,
  type TestPractice,
} from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;
let practice: TestPractice;
let stateFolder: string;
let agent: TestAgent;

beforeAll(async () => {
  broker = await startTestBroker();
  practice = await broker.practice();
  stateFolder = await enrolAgent(broker, practice);
  agent = await startConnectedAgent(stateFolder);
});

afterAll(async () => {
  await agent.stop(0);
  await broker.stop();
});

describe('an agent with a one-time code', () => {
  test('gets an identity whose private parts only its owner can read', () => {
    const folder = join(stateFolder, 'identity');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of ['identity', 'tls', 'encryption', 'join']) {
      expect(statSync(join(folder, `${name}.json`)).mode & 0o777).toBe(0o600);
    }
  });

  test('joins, and the broker finds the link of its site', async () => {
    const links = broker.app.get(SiteLinks);
    await until(() => links.find(practice.siteId) !== undefined);
    expect(links.availability(practice.siteId)).toBe('online');
    const reply = await links.find(practice.siteId)!.request(agentPatterns.readTime, {});
    expect(await reply.end).toEqual({ clockMs: expect.any(Number) });
  });

  test('reports itself, and its site becomes active', async () => {
    const status = async () =>
      (
        await broker.kysely
          .selectFrom('sites')
          .selectAll()
          .where('site_id', '=', practice.siteId)
          .executeTakeFirstOrThrow()
      ).last_seen_at;
    await until(async () => (await status()) !== null);
  });

  test('never sends the seed of its code', async () => {
    const rows = await broker.kysely.selectFrom('enrolment_codes').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(practice.code.reveal());
    expect(rows[0]?.used_at).not.toBeNull();
  });

  test('leaves an audit record of each step', () => {
    expect(broker.audit.types()).toEqual(
      expect.arrayContaining(['enrolment-code.created', 'agent.enrolled', 'agent.joined']),
    );
  });

  test('counts its joins on disk', () => {
    const join_ = JSON.parse(readFileSync(join(stateFolder, 'identity/join.json'), 'utf8'));
    expect(join_).toMatchObject({ sequence: 1 });
  });
});
