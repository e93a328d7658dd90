/** Permission from pairing code to revocation, through a real broker, a real link and the agent's own commands. */
import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { runCommandLine } from '#apps/agent/src/control/command-line.js';
import { permissionCommands } from '#apps/agent/src/control/permission-commands.js';
import { requestCommands } from '#apps/agent/src/control/request-commands.js';
import { serviceCommands } from '#apps/agent/src/control/service-commands.js';
import { SiteLinks } from '#apps/broker/src/gateway/site-links.port.js';
import { GrantBook } from '#apps/broker/src/grants/grant-book.port.js';
import { RedeemPairingCode } from '#apps/broker/src/grants/redeem-pairing-code.js';
import { GrantGate } from '#apps/agent/src/grants/grant-gate.port.js';
import { brokerPatterns, agentPatterns } from '#libs/contracts/link-messages.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { anApprover } from '#libs/grants/grant.fixture.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { verifyReceipt } from '#libs/grants/grant-receipt.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { AgentIdentity } from '#apps/agent/src/identity/agent-identity.js';
import { enrolAgent, startConnectedAgent, type TestAgent } from '#test/identity/agent.fixture.js';
import {
  startTestBroker,
  type TestBroker,
  type TestPractice,
} from '#test/identity/broker.fixture.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';
import { until } from '#test/support/settle.js';

let broker: TestBroker;
let practice: TestPractice;
let other: TestPractice;
let agent: TestAgent;
let otherAgent: TestAgent;

beforeAll(async () => {
  broker = await startTestBroker();
  await broker.kysely
    .insertInto('integrators')
    .values({
      integrator_id: 'integrator-1',
      name: 'Zz Software',
      purposes: JSON.stringify(['PATADMIN']),
      countries: JSON.stringify(['AU']),
    })
    .execute();
  [practice, other] = [await broker.practice(), await broker.practice()];
  agent = await startConnectedAgent(await enrolAgent(broker, practice));
  otherAgent = await startConnectedAgent(await enrolAgent(broker, other));
  // The sandbox reports none of its catalogues here; what is asked comes from the registry.
  await broker.kysely
    .updateTable('sites')
    .set({ catalogues: JSON.stringify([{ name: 'Patients', isDefault: true }]) })
    .execute();
}, 60_000);

afterAll(async () => {
  for (const { stop, stateFolder } of [agent, otherAgent]) {
    await stop(0);
    await rm(stateFolder, { recursive: true, force: true });
  }
  await broker.stop();
});

async function command<T>(...words: string[]): Promise<T> {
  const commands = { ...serviceCommands, ...requestCommands, ...permissionCommands };
  let out = '';
  const terminal = { out: (line: string) => void (out += line), err: () => {}, ask: undefined };
  const argv = [...words, '--json', '--state', agent.stateFolder];
  const code = await runCommandLine(commands, argv, terminal);
  expect([words[0], code, code === 0 ? '' : out]).toEqual([words[0], 0, '']);
  return JSON.parse(out) as T;
}

const stateAtBroker = (): string =>
  broker.app.get(GrantBook, { strict: false }).find(practice.siteId, 'integrator-1').state;

const gate = (grant: Grant): object =>
  agent.app.get(GrantGate, { strict: false }).decide({
    siteId: practice.siteId,
    integratorId: 'integrator-1',
    grantId: grant.grantId,
    grantSeq: grant.seq,
    catalogue: 'Patients',
    commandType: 'text',
    executionMode: 'reader',
    text: 'SELECT 1',
  });

async function pair(): Promise<string> {
  const { code } = await command<{ code: string }>('pair-code');
  const made = await broker.app.get(RedeemPairingCode, { strict: false }).execute({
    integratorId: 'integrator-1',
    keyId: 'key-1',
    pmsSiteId: 'ZZ1',
    pmsName: 'Sandbox',
    code,
  });
  return made.accessRequestId;
}

/** What a broker pushes down the link, and the agent's answer. */
async function push(signed: unknown, pattern: string = agentPatterns.putGrant): Promise<object> {
  const link = broker.app.get(SiteLinks, { strict: false }).find(practice.siteId);
  const reply = await link?.request(pattern, { signed }, undefined, { deadlineMs: 5_000 });
  return (await reply?.end) ?? {};
}

const refusal = (reason: string): object => ({ code: 'GRANT_INVALID', facts: { reason } });

describe('permission, end to end', () => {
  let grant: Grant;

  test('a code becomes a request, and an approval is in force at both ends', async () => {
    const requestId = await pair();
    await until(() => stateAtBroker() === 'pending');
    const { requests } = await command<{ requests: { accessRequestId: string }[] }>('requests');
    expect(requests.map((open) => open.accessRequestId)).toEqual([requestId]);
    const approved = await command<{ grant: Grant; published: boolean }>(
      ...['approve', requestId, '--expires', '90d', '--yes'],
    );
    ({ grant } = approved);
    expect(approved.published).toBe(true);
    await until(() => stateAtBroker() === 'active');
    expect(gate(grant)).toMatchObject({ allowed: true, tier: 'read' });
  });

  test("another practice's agent can't publish, list or speak for the site", async () => {
    const { grants } = await otherAgent.link.ask<{ grants: unknown[] }>(
      brokerPatterns.listGrants,
      {},
    );
    expect(grants).toEqual([]);
    await expect(
      otherAgent.link.ask(brokerPatterns.createPairingCode, { siteId: practice.siteId }),
    ).rejects.toMatchObject({ code: 'SITE_NOT_FOUND' });
    await expect(
      otherAgent.link.ask(brokerPatterns.createPairingCode, { siteId: other.siteId, extra: 1 }),
    ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('a lying broker is told by name what it got wrong', async () => {
    const { grants } = await agent.link.ask<{ grants: SignedGrant[] }>(
      brokerPatterns.listGrants,
      {},
    );
    const [signed] = grants as [SignedGrant];
    const altered = canonicalJson({ ...grant, seq: 2, scopes: ['sql:read', 'procedure:x'] });
    await expect(push({ ...signed, document: altered })).rejects.toMatchObject(
      refusal('signature-wrong'),
    );
    await expect(push({ ...signed, approvals: [] })).rejects.toMatchObject(
      refusal('approvals-missing'),
    );
    const stranger = anApprover();
    const invented = signGrant(grant, stranger.approver.approverId, stranger.privateKey);
    await expect(push(invented)).rejects.toMatchObject(refusal('approver-unknown'));
    await expect(push('nonsense')).rejects.toMatchObject(refusal('malformed'));
    expect(agent.log.lines.filter(({ event }) => event === 'grant.refused')).toHaveLength(4);
    expect(gate(grant)).toMatchObject({ allowed: true });
  });

  test('an honest push is answered with a receipt under the identity key', async () => {
    const { grants } = await agent.link.ask<{ grants: SignedGrant[] }>(
      brokerPatterns.listGrants,
      {},
    );
    const { publicKey } = await AgentIdentity.load(agent.stateFolder);
    const receipt = verifyReceipt(await push(grants[0]), publicKeyFromRaw('ed25519', publicKey));
    expect(receipt).toMatchObject({ grantId: grant.grantId, seq: grant.seq, state: 'active' });
  });

  test('a revocation counts at both ends, and the revoked grant cannot be replayed', async () => {
    const { grants } = await agent.link.ask<{ grants: SignedGrant[] }>(
      brokerPatterns.listGrants,
      {},
    );
    await command('revoke', grant.grantId);
    expect(gate(grant)).toEqual({ allowed: false, code: 'GRANT_REVOKED' });
    await until(() => stateAtBroker() === 'revoked');
    await expect(push(grants[0])).rejects.toMatchObject(refusal('revoked'));
    expect(gate(grant)).toEqual({ allowed: false, code: 'GRANT_REVOKED' });
  });

  test('every act is in the record of the broker', () => {
    const acts = broker.audit.types();
    for (const act of ['pairing-code.created', 'pairing-code.redeemed', 'access-request.created'])
      expect(acts).toContain(act);
    for (const act of ['grant.approved', 'grant.revoked']) expect(acts).toContain(act);
  });
});
