import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { ReleaseAgent } from '#apps/broker/src/gateway/release-agent.js';
import type { ReleaseDecision } from '#libs/contracts/operator.js';
import {
  copyState,
  enrolAgent,
  startAgent,
  startConnectedAgent,
  type TestAgent,
} from '#test/identity/agent.fixture.js';
import { startTestBroker, type TestBroker } from '#test/identity/broker.fixture.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(() => broker.stop());

const idOf = (agent: TestAgent): string => agent.app.get(AgentIdentity).agentId;

const refusedAs = (agent: TestAgent, code: string) => () =>
  agent.link.status.diagnosis?.code === code;

const decide = (agentId: string, decision: ReleaseDecision): Promise<void> =>
  broker.app.get(ReleaseAgent).execute(agentId, decision);

/** Goes back to an old backup: the machine that went on is gone, the backup is told no. */
async function aRestoredBackup(): Promise<TestAgent> {
  const stateFolder = await enrolAgent(broker, await broker.practice());
  await (await startConnectedAgent(stateFolder)).stop(0);
  const backup = copyState(stateFolder);
  for (let joins = 0; joins < 2; joins += 1) await (await startConnectedAgent(stateFolder)).stop(0);
  const restored = await startAgent(backup);
  await until(refusedAs(restored, 'AGENT_QUARANTINED'));
  return restored;
}

/** A refused agent tries once a minute; starting it again is quicker. */
async function restarted(agent: TestAgent): Promise<TestAgent> {
  await agent.stop(0);
  return startAgent(agent.stateFolder);
}

test('a restored backup joins again once the practice has said so, and stays', async () => {
  let restored = await aRestoredBackup();
  await decide(idOf(restored), 'restoredFromBackup');
  restored = await restarted(restored);
  await until(() => restored.link.attached);
  expect(broker.audit.records.findLast(({ type }) => type === 'agent.released')).toMatchObject({
    agent: idOf(restored),
    reason: 'restoredFromBackup',
    actorRef: 'operator',
  });
  await restored.stop(0);
  const again = await startConnectedAgent(restored.stateFolder);
  expect(again.link.attached).toBe(true);
  await again.stop(0);
});

test('a release lets one machine in: a copy beside it shuts both out again', async () => {
  const stateFolder = await enrolAgent(broker, await broker.practice());
  let original = await startConnectedAgent(stateFolder);
  let copy = await startAgent(copyState(stateFolder));
  await until(refusedAs(copy, 'AGENT_QUARANTINED'));
  await until(refusedAs(original, 'AGENT_QUARANTINED'));
  const agentId = idOf(original);
  await decide(agentId, 'restoredFromBackup');
  original = await restarted(original);
  await until(() => original.link.attached);
  copy = await restarted(copy);
  await until(refusedAs(copy, 'AGENT_QUARANTINED'));
  await until(refusedAs(original, 'AGENT_QUARANTINED'));
  await Promise.all([copy.stop(0), original.stop(0)]);
});

test('a copied machine stays out for good', async () => {
  let copied = await aRestoredBackup();
  await decide(idOf(copied), 'copiedMachine');
  copied = await restarted(copied);
  await until(refusedAs(copied, 'AGENT_REVOKED'));
  await expect(decide(idOf(copied), 'restoredFromBackup')).rejects.toMatchObject({
    code: 'AGENT_NOT_QUARANTINED',
  });
  await copied.stop(0);
});

test('only a quarantined agent can be released', async () => {
  const agent = await startConnectedAgent(await enrolAgent(broker, await broker.practice()));
  for (const decision of ['restoredFromBackup', 'copiedMachine'] as const) {
    await expect(decide(idOf(agent), decision)).rejects.toMatchObject({
      code: 'AGENT_NOT_QUARANTINED',
    });
  }
  expect(agent.link.attached).toBe(true);
  await agent.stop(0);
});
