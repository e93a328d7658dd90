import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { ApprovalsController } from '#apps/broker/src/grants/approvals.controller.js';
import type { DeliverPauses } from '#apps/broker/src/grants/deliver-pauses.js';
import type { DeliverProposals } from '#apps/broker/src/grants/deliver-proposals.js';
import type { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
import { versionOfAsked, type AnsweredRequest } from '#apps/broker/src/grants/answered-requests.js';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { GrantStandings } from '#apps/broker/src/grants/grant-standings.js';
import { RecordAgentRules } from '#apps/broker/src/grants/record-agent-rules.js';
import { SettleProposal, type WaitingProposal } from '#apps/broker/src/grants/settle-proposal.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { signRules } from '#libs/grants/agent-rules.js';
import { ed25519Signer } from '#libs/grants/agent-statement.js';
import { defaultCeiling } from '#libs/grants/ceiling.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import { aGrant } from '#libs/grants/grant.fixture.js';
import type { Grant } from '#libs/grants/grant.js';
import { aPasskey } from '#libs/grants/passkey.fixture.js';
import { LinkRequest } from '#libs/link/link-request.js';

const DAY_MS = 86_400_000;
const owner = aPasskey();

let practice: BrokerPractice;
let proposals: SettleProposal;
let standings: GrantStandings;
beforeAll(async () => {
  practice = await BrokerPractice.open();
  await practice.asked('site-1', 'integrator-1');
  const { kysely } = practice.store;
  proposals = new SettleProposal(kysely, practice.audit, practice.grants, practice.clock);
  standings = new GrantStandings(kysely, practice.clock);
});
afterAll(() => practice.close());

/** As `ProposeGrant` leaves it. */
async function proposed(grant: Grant, answers?: AnsweredRequest): Promise<WaitingProposal> {
  const signed = owner.sign(grant);
  await practice.store.kysely
    .insertInto('grant_proposals')
    .values({
      grant_id: grant.grantId,
      seq: grant.seq,
      practice_id: grant.practiceId,
      agent_id: 'agent-1',
      integrator_id: grant.integratorId,
      site_ids: JSON.stringify(grant.siteIds),
      person_id: 'person-1',
      revokes: grant.revoked === true,
      signed: JSON.stringify(signed),
      state: 'proposed',
      ...(answers && { answers: JSON.stringify(answers) }),
      created_at: new Date(practice.clock.now()),
    })
    .execute();
  const waiting = await proposals.waitingFor('agent-1');
  return waiting.find(({ grantId }) => grantId === grant.grantId) as WaitingProposal;
}

const standing = async ({ grantId }: Grant) =>
  (await standings.of('practice-1')).find((one) => one.grantId === grantId);

const peer = { agentId: 'agent-1', practiceId: 'practice-1' };

/** The agent's receipt for a document that the passkey signed. */
function receiptFor(grant: Grant, agent: 'one' | 'two' = 'one') {
  return practice.published(grant, agent).receipt;
}

describe('what waits for the server of a practice', () => {
  test('is in force only on the receipt of that very agent, for that very document', async () => {
    const grant = aGrant();
    const waiting = await proposed(grant);
    for (const forged of [
      receiptFor(grant, 'two'),
      receiptFor({ ...grant, limits: {} }),
      receiptFor(revocationOf(grant)),
      { ...receiptFor(grant), signature: 'A'.repeat(86) },
    ]) {
      await expect(proposals.taken(peer, waiting, forged)).rejects.toMatchObject({
        facts: { reason: 'receipt' },
      });
      expect((await standing(grant))?.receiptAt).toBeUndefined();
    }
    await proposals.taken(peer, waiting, receiptFor(grant));
    expect(await standing(grant)).toMatchObject({ state: 'active', personId: 'person-1' });
    expect(practice.audit.records.at(-1)).toMatchObject({
      ...{ type: 'grant.approved', actorRef: 'person-1', agent: 'agent-1' },
    });
  });

  test('goes on waiting when no answer came, and stops at a no, whose word is kept', async () => {
    const grant = aGrant();
    const waiting = await proposed(grant);
    for (const code of ['LINK_CLOSED', 'EXECUTION_TIMEOUT', 'JOURNAL_UNAVAILABLE'] as const)
      expect(await proposals.refused(peer, waiting, new ConduitError(code))).toBe(false);
    expect(await standing(grant)).toMatchObject({ state: 'proposed' });
    const no = new ConduitError('GRANT_CEILING', { facts: { reason: 'sql:write' } });
    expect(await proposals.refused(peer, waiting, no)).toBe(true);
    expect(await standing(grant)).toMatchObject({
      ...{ state: 'refused', next: { refusedCode: 'GRANT_CEILING', refusedReason: 'sql:write' } },
    });
    expect(await proposals.waitingFor('agent-1')).toEqual([]);
  });

  test('is not what an agent writes into its reason', async () => {
    const grant = aGrant();
    const waiting = await proposed(grant);
    const no = new ConduitError('GRANT_INVALID', { facts: { reason: '<b>Jane Citizen</b> 1970' } });
    await proposals.refused(peer, waiting, no);
    expect((await standing(grant))?.next?.refusedReason).toBe('unknown');
  });

  test('lapses after a week when it gives permission, and never when it takes it', async () => {
    const [gives, takes] = [aGrant(), revocationOf(aGrant())];
    await proposed(gives);
    await proposed(takes);
    practice.clock.advance(7 * DAY_MS);
    const waiting = await proposals.waitingFor('agent-1');
    expect(waiting.map(({ grantId }) => grantId)).toEqual([takes.grantId]);
    expect(await proposals.agentsWaitedFor()).toEqual(['agent-1']);
    expect(await standing(gives)).toMatchObject({
      ...{ state: 'refused', next: { refusedCode: 'PROPOSAL_LAPSED' } },
    });
    expect(await standing(takes)).toMatchObject({ state: 'revoked', next: { state: 'proposed' } });
  });
});

describe('a request that waits', () => {
  const STATEMENT = `statement:${'a'.repeat(64)}`;
  const asked = { scopes: ['sql:read', STATEMENT], catalogues: [], purposes: [] };
  const siteIds = ['site-1'];
  const integratorId = 'integrator-2';
  const terms = { siteIds, integratorId };

  async function waiting(): Promise<string> {
    const accessRequestId = randomUUID();
    await practice.store.kysely
      .insertInto('access_requests')
      .values({
        ...{ access_request_id: accessRequestId, site_id: 'site-1', integrator_id: integratorId },
        ...{ state: 'pending', asked: JSON.stringify(asked) },
      })
      .execute();
    return accessRequestId;
  }
  const stateOf = async (accessRequestId: string) =>
    (
      await practice.store.kysely
        .selectFrom('access_requests')
        .select('state')
        .where('access_request_id', '=', accessRequestId)
        .executeTakeFirstOrThrow()
    ).state;
  const take = async (grant: Grant, answers?: AnsweredRequest) =>
    proposals.taken(peer, await proposed(grant, answers), receiptFor(grant));
  const publish = (grant: Grant) => practice.grants.execute(peer, practice.published(grant));
  const onlyReads = { scopes: ['sql:read'] };

  beforeEach(async () => {
    const { kysely } = practice.store;
    await kysely.deleteFrom('grants').where('integrator_id', '=', integratorId).execute();
    await kysely.deleteFrom('access_requests').where('integrator_id', '=', integratorId).execute();
  });

  test('goes on waiting when a permission is renewed or narrowed, and when that is taken back', async () => {
    const grant = aGrant({ ...terms, ...onlyReads });
    await practice.asked('site-1', integratorId);
    await take(grant);
    const id = await waiting();
    await take({ ...grant, seq: 2 });
    // An agent that hands a document in late, or one that was signed on the server, is no answer either.
    await publish({ ...grant, seq: 3, limits: {} });
    expect(await stateOf(id)).toBe('pending');
    await publish({ ...grant, seq: 4, revoked: true });
    expect(await stateOf(id)).toBe('pending');
  });

  test('is settled by a document that gives all it asks for, whoever signed that', async () => {
    const id = await waiting();
    await take(aGrant({ ...terms, scopes: asked.scopes }));
    expect(await stateOf(id)).toBe('approved');
    const again = await waiting();
    await publish(aGrant({ ...terms, scopes: asked.scopes }));
    expect(await stateOf(again)).toBe('approved');
  });

  test('is settled by the decision on it, however little that gives, but not by one on what it was before', async () => {
    const grant = aGrant({ ...terms, ...onlyReads });
    const id = await waiting();
    const before = versionOfAsked({ ...asked, scopes: ['sql:read'] });
    await take(grant, { accessRequestId: id, version: before });
    expect(await stateOf(id)).toBe('pending');
    await take({ ...grant, seq: 2 }, { accessRequestId: randomUUID(), version: versionOf() });
    expect(await stateOf(id)).toBe('pending');
    await take({ ...grant, seq: 3 }, { accessRequestId: id, version: versionOf() });
    expect(await stateOf(id)).toBe('approved');
  });

  test('is settled on the server by the first permission, and by one that gives some of it', async () => {
    const grant = aGrant({ ...terms, ...onlyReads });
    const first = await waiting();
    await publish(grant);
    expect(await stateOf(first)).toBe('approved');
    const more = await waiting();
    await publish({ ...grant, seq: 2, scopes: [STATEMENT] });
    expect(await stateOf(more)).toBe('approved');
  });

  const versionOf = () => versionOfAsked(asked);
});

describe('what an agent says counts on its server', () => {
  const said = (changes = {}, agent: 'one' | 'two' = 'one') =>
    signRules(
      {
        ...{ type: 'conduit-agent-rules-v1' as const, agentId: 'agent-1', epoch: 0 },
        ...{ ceiling: defaultCeiling, approvers: [], at: '2026-03-04T00:00:00.000Z' },
        ...changes,
      },
      ed25519Signer(practice.agents[agent].key),
    );
  const { approverId, addedAt } = owner.approver;

  test('is kept when it is its own word, and each passkey that came or went is recorded once', async () => {
    const { kysely } = practice.store;
    const rules = new RecordAgentRules(kysely, practice.audit, practice.clock);
    const book = new AgentRulesBook(kysely);
    await rules.execute(peer, said());
    await rules.execute(peer, said({ approvers: [{ approverId, addedAt }] }));
    await rules.execute(peer, said({ approvers: [{ approverId, addedAt }], at: addedAt }));
    for (const lie of [said({}, 'two'), said({ agentId: 'agent-2' }), { document: '{}' }])
      await expect(rules.execute(peer, lie as never)).rejects.toMatchObject({
        facts: { reason: 'statement' },
      });
    const [known] = await book.ofPractice('practice-1');
    expect(known?.rules?.approvers).toEqual([{ approverId, addedAt }]);
    await rules.execute(peer, said());
    const acts = practice.audit.records.filter(({ type }) => type.startsWith('approver.'));
    expect(acts.map(({ type }) => type)).toEqual(['approver.admitted', 'approver.removed']);
  });

  test('is what brings the agent all that waits for it and all that is paused', async () => {
    const { kysely } = practice.store;
    const brought: string[] = [];
    const bringer = (what: string) => ({
      toAgent: (agentId: string) => Promise.resolve(brought.push(`${what} ${agentId}`)),
    });
    const controller = new ApprovalsController(
      {} as OfferedApprovers,
      new RecordAgentRules(kysely, practice.audit, practice.clock),
      bringer('proposals') as unknown as DeliverProposals,
      bringer('pauses') as unknown as DeliverPauses,
    );
    const report = (rules: object) =>
      controller.report(new LinkRequest('', { rules }, Buffer.alloc(0)), { peer } as never);
    await expect(report(said({}, 'two'))).rejects.toMatchObject({ code: 'GRANT_INVALID' });
    expect(brought).toEqual([]);
    await report(said());
    expect(brought.sort()).toEqual(['pauses agent-1', 'proposals agent-1']);
  });
});
