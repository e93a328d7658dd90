import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { OpenAccessRequest, PublishGrantMeta } from '#libs/grants/grant-messages.js';
import { verifyReceipt } from '#libs/grants/grant-receipt.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';
import { PracticeDecisions } from '#apps/agent/src/grants/practice-decisions.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import { leaveRevocation, RevocationInbox } from '#apps/agent/src/grants/revocation-inbox.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

/** A broker in memory: keeps what is published, answers what it keeps. */
class FakeBroker extends BrokerLine {
  attached = true;
  stored: SignedGrant[] = [];
  published: PublishGrantMeta[] = [];
  requests: OpenAccessRequest[] = [];
  /** What it answers to every document. */
  refusal: ConduitError | undefined;
  offered = 0;
  private listeners: (() => void)[] = [];

  override async ask(pattern: string, meta: object): Promise<object> {
    if (!this.attached) throw new ConduitError('LINK_CLOSED');
    switch (pattern) {
      case brokerPatterns.listGrants:
        return { grants: this.stored };
      case brokerPatterns.listAccessRequests:
        return { requests: this.requests };
      case brokerPatterns.createPairingCode:
        return { code: 'ABCD-EFGH', ...meta };
      default:
        this.offered += 1;
        if (this.refusal) throw this.refusal;
        this.published.push(meta as PublishGrantMeta);
        this.stored.push((meta as PublishGrantMeta).signed);
        return {};
    }
  }

  override onAttached(listener: () => void): void {
    this.listeners.push(listener);
  }
}

let practice: APractice;
let broker: FakeBroker;
let exchange: GrantExchange;
let decisions: PracticeDecisions;

function wire(): void {
  const { store, own, clock, approvers, rules } = practice;
  exchange = new GrantExchange(store, broker, own, clock);
  decisions = new PracticeDecisions({
    ...{ store, exchange, line: broker, approvers, rules, own, clock },
  });
}

beforeEach(async () => {
  practice = await APractice.open();
  broker = new FakeBroker();
  wire();
});
afterEach(() => practice.close());

const aRequest = (asked: Partial<OpenAccessRequest['asked']> = {}): OpenAccessRequest => ({
  accessRequestId: 'request-1',
  siteId: 'site-1',
  siteName: 'Zz Rooms',
  integratorId: 'integrator-1',
  integratorName: 'Zz Software',
  asked: { scopes: ['sql:read'], catalogues: ['Patients'], purposes: ['PATADMIN'], ...asked },
  countries: ['AU'],
  createdAt: '2026-03-01T00:00:00.000Z',
});

describe('agreeing with the broker', () => {
  test('what was signed here goes out with a receipt, once', async () => {
    const grant = await practice.permit();
    await exchange.agree();
    await exchange.agree();
    expect(broker.published).toHaveLength(1);
    const receipt = verifyReceipt(
      broker.published[0]?.receipt,
      publicKeyFromRaw('ed25519', practice.own.publicKey),
    );
    expect(receipt).toMatchObject({ grantId: grant.grantId, seq: 1, state: 'active' });
  });

  test('what was signed without a link goes out after a restart', async () => {
    broker.attached = false;
    const grant = await practice.permit();
    expect(await exchange.publishAll()).toBe(false);
    await practice.restart();
    wire();
    broker.attached = true;
    await exchange.agree();
    expect(broker.published.map(({ signed }) => signed)).toEqual([practice.sign(grant)]);
  });

  test('what the broker turned down is not offered again at every attach, only when something changed', async () => {
    const grant = await practice.permit();
    broker.refusal = new ConduitError('GRANT_INVALID', { facts: { reason: 'not-asked' } });
    for (let attach = 0; attach < 5; attach += 1) await exchange.agree();
    expect(broker.offered).toBe(1);
    expect(await exchange.publishAll()).toBe(false);

    // The integrator may have asked since: the practice looks at the requests.
    await decisions.requests();
    await exchange.agree();
    await exchange.agree();
    expect(broker.offered).toBe(2);

    practice.clock.advance(3_600_000);
    await exchange.agree();
    expect(broker.offered).toBe(3);

    broker.refusal = undefined;
    await practice.store.admit(practice.sign(revocationOf(grant)), false);
    await exchange.agree();
    expect(broker.published).toHaveLength(1);
    expect(await exchange.publishAll()).toBe(true);
  });

  test('what the broker could not take just now is offered again at once', async () => {
    await practice.permit();
    broker.refusal = new ConduitError('STORE_UNAVAILABLE');
    for (let attach = 0; attach < 3; attach += 1) await exchange.agree();
    expect(broker.offered).toBe(3);
  });

  test('what the broker has comes in, and its lies beside it do not', async () => {
    const grant = practice.grant();
    const { document } = practice.sign(practice.grant({ grantId: 'invented' }));
    broker.stored = [{ document, approvals: [] }, practice.sign(grant)];
    await exchange.agree();
    expect(practice.store.all().map((held) => held.grant.grantId)).toEqual([grant.grantId]);
    expect(practice.refused).toMatchObject([{ reason: 'approvals-missing' }]);
    expect(broker.published).toEqual([]);
  });

  test('an agent that missed a revocation denies after it has agreed', async () => {
    const grant = await practice.permit();
    broker.stored = [practice.sign(revocationOf(grant))];
    await exchange.agree();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });
});

describe('deciding on this machine', () => {
  test('what is signed is what was shown, bounded by the ceiling', async () => {
    broker.requests = [aRequest({ scopes: ['sql:read', 'sql:write', 'nonsense'] })];
    const draft = await decisions.draft('request-1', { expires: '90d' });
    expect(draft.grant.scopes).toEqual(['sql:read']);
    expect(draft.lines.join('\n')).toContain('Zz Software (integrator-1)');
    const signed = await decisions.sign(draft.draftId);
    expect(signed).toEqual({ grantId: draft.grant.grantId, seq: 1, published: true });
    expect(practice.store.find(signed.grantId)?.grant).toEqual(draft.grant);
    expect(practice.gate.decide(aQuery(draft.grant))).toMatchObject({ allowed: true });
    await expect(decisions.sign(draft.draftId)).rejects.toMatchObject({ code: 'GRANT_NOT_FOUND' });
  });

  test('a second approval for the same integrator and site replaces the first', async () => {
    broker.requests = [aRequest()];
    const terms = { rows: 7, expires: '30d' };
    const first = await decisions.sign((await decisions.draft('request-1', terms)).draftId);
    const held = practice.store.find(first.grantId)?.grant;
    const draft = await decisions.draft('request-1', {});
    // What is in force is not widened by an approval that says nothing of it.
    expect(draft.grant).toMatchObject({ limits: { rows: 7 }, expires: held?.expires });
    const second = await decisions.sign(draft.draftId);
    expect(second).toMatchObject({ grantId: first.grantId, seq: 2 });
  });

  test.each<[string, object, object]>([
    ['raw writes', { scopes: ['sql:write'] }, { code: 'GRANT_CEILING' }],
    ['an unknown scope', { scopes: ['all'] }, { facts: { field: 'scopes' } }],
    ['marketing', { purposes: ['HMARKT'] }, { facts: { field: 'purposes' } }],
    ['a time in the past', { expires: '2020-01-01' }, { facts: { field: 'expires' } }],
    ['no time at all', { expires: 'soon' }, { facts: { field: 'expires' } }],
    ['more than 400 days', { expires: '401d' }, { facts: { field: 'expires' } }],
  ])('%s cannot be drafted', async (_what, choices, error) => {
    broker.requests = [aRequest()];
    await expect(decisions.draft('request-1', choices)).rejects.toMatchObject(error);
  });

  test('a revocation counts at once, with or without a broker', async () => {
    const grant = await practice.permit();
    broker.attached = false;
    expect(await decisions.revoke(grant.grantId)).toMatchObject({ seq: 2, published: false });
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
    broker.attached = true;
    await exchange.agree();
    expect(broker.published.at(-1)?.signed.document).toContain('"revoked":true');
    await expect(decisions.revoke('unknown')).rejects.toMatchObject({ code: 'GRANT_NOT_FOUND' });
  });

  test('a revocation signed while the agent was not running counts when it starts', async () => {
    const grant = await practice.permit();
    const end: Grant = revocationOf(grant);
    await leaveRevocation(practice.stateFolder, end, practice.sign(end));
    await practice.restart();
    const inbox = new RevocationInbox(practice.stateFolder, practice.store);
    await inbox.start();
    await inbox.stop();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });

  test('a pairing code is for one of the own sites', async () => {
    expect(await decisions.pairingCode()).toMatchObject({ siteId: 'site-1' });
    await expect(decisions.pairingCode('site-2')).rejects.toMatchObject({
      facts: { field: 'site' },
    });
  });
});
