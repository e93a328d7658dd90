import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { AgentRulesBook } from '#apps/broker/src/grants/agent-rules-book.js';
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
async function proposed(grant: Grant): Promise<WaitingProposal> {
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
});
