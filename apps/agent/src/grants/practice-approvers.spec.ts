import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { brokerPatterns } from '#libs/contracts/link-messages.js';
import { verifyRules } from '#libs/grants/agent-rules.js';
import { revocationOf } from '#libs/grants/draft-grant.js';
import type { OfferedPasskey, ReportRulesMeta } from '#libs/grants/grant-messages.js';
import { aPasskey, type APasskey } from '#libs/grants/passkey.fixture.js';
import { sixWords } from '#libs/grants/six-words.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';
import { ApproverStore } from '#apps/agent/src/grants/approver-store.js';
import { BrokerLine } from '#apps/agent/src/grants/broker-line.port.js';
import { GrantExchange } from '#apps/agent/src/grants/grant-exchange.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';
import { PracticeApprovers } from '#apps/agent/src/grants/practice-approvers.js';
import { RulesReport } from '#apps/agent/src/grants/rules-report.js';

/** A broker that offers what a test puts in, and keeps what it is told. */
class FakeBroker extends BrokerLine {
  attached = true;
  offered: unknown[] = [];
  told: ReportRulesMeta[] = [];

  override async ask(pattern: string, meta: object): Promise<object> {
    if (pattern === brokerPatterns.listOfferedPasskeys) return { passkeys: this.offered };
    if (pattern === brokerPatterns.reportRules) this.told.push(meta as ReportRulesMeta);
    return {};
  }

  override onAttached(): void {}
}

const offerOf = ({ approver }: APasskey): OfferedPasskey => {
  const { kind: _, approverId: __, addedAt: ___, ...offer } = approver;
  return offer;
};

let practice: APractice;
let broker: FakeBroker;
let approvers: PracticeApprovers;
let report: RulesReport;
let owner: APasskey;

function wire(): void {
  const { store, own, clock, journal, rules } = practice;
  const exchange = new GrantExchange(store, broker, own, clock);
  const parts = { store, exchange, line: broker, own, journal, clock, rules };
  approvers = new PracticeApprovers({ ...parts, approvers: practice.approvers });
  report = new RulesReport({ ...parts, approvers: practice.approvers });
}

beforeEach(async () => {
  practice = await APractice.open();
  broker = new FakeBroker();
  owner = aPasskey();
  broker.offered = [offerOf(owner)];
  wire();
});
afterEach(() => practice.close());

const saidRules = () =>
  verifyRules(broker.told.at(-1)?.rules, publicKeyFromRaw('ed25519', practice.own.publicKey));

describe('a passkey on this server', () => {
  test('counts for nothing while it is only offered, and for as much as the own key once admitted', async () => {
    const signed = owner.sign(practice.grant());
    await expect(practice.store.admit(signed, true)).rejects.toMatchObject({
      facts: { reason: 'approver-unknown' },
    });
    await approvers.admit(sixWords(owner.approver));
    const grant = await practice.store.admit(signed, true);
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true });
    expect(practice.journal.records).toContainEqual({
      ...{ type: 'approver.admitted', agent: 'agent-1', actorRef: 'local' },
      keyId: owner.approver.approverId,
    });
  });

  test('is admitted by its words and no others, whatever the broker offers beside it', async () => {
    const stranger = aPasskey({ name: owner.approver.name });
    broker.offered = [offerOf(stranger), { ...offerOf(owner), publicKey: 'AAAA' }, null, 7];
    expect((await approvers.offered()).map(({ approverId }) => approverId)).toEqual([
      stranger.approver.approverId,
    ]);
    await expect(approvers.admit(sixWords(owner.approver))).rejects.toMatchObject({
      code: 'APPROVER_NOT_FOUND',
    });
    // The same key for another page has other words.
    broker.offered = [{ ...offerOf(owner), origin: 'https://login.console.example.org' }];
    await expect(approvers.admit(sixWords(owner.approver))).rejects.toMatchObject({
      code: 'APPROVER_NOT_FOUND',
    });
    expect(approvers.list().filter(({ kind }) => kind === 'webauthn')).toEqual([]);
  });

  test('is not admitted when that cannot be written down', async () => {
    practice.journal.refuses = true;
    await expect(approvers.admit(sixWords(owner.approver))).rejects.toThrow('disk full');
    expect(practice.approvers.approvers.has(owner.approver.approverId)).toBe(false);
  });

  test('is told to the broker under the signature of the agent, with the ceiling', async () => {
    await report.tell();
    expect(saidRules()).toMatchObject({ approvers: [], ceiling: { rawSqlWrites: false } });
    await approvers.admit(sixWords(owner.approver));
    await report.tell();
    expect(saidRules()?.approvers).toEqual([
      { approverId: owner.approver.approverId, addedAt: '2026-03-03T23:00:00.000Z' },
    ]);
  });
});

describe('a passkey that is removed', () => {
  const removed = async () => approvers.remove(owner.approver.approverId);

  test('ends what it signed, at once and for good, also when it is admitted again', async () => {
    await approvers.admit(sixWords(owner.approver));
    const signed = owner.sign(practice.grant());
    const grant = await practice.store.admit(signed, true);
    const other = await practice.permit({ integratorId: 'integrator-2' });
    expect(await removed()).toMatchObject({ ended: [grant.grantId] });
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
    expect(practice.gate.decide(aQuery(other))).toMatchObject({ allowed: true });
    await practice.restart();
    wire();
    await approvers.admit(sixWords(owner.approver));
    await expect(practice.store.admit(signed, true)).rejects.toMatchObject({
      facts: { reason: 'revoked' },
    });
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });

  test('does not take its own revocations with it', async () => {
    await approvers.admit(sixWords(owner.approver));
    const grant = await practice.permit();
    await practice.store.admit(owner.sign(revocationOf(grant)), true);
    await removed();
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
    await expect(practice.store.admit(practice.sign(grant), true)).rejects.toMatchObject({
      facts: { reason: 'revoked' },
    });
  });

  test('leaves its revocations in force even when somebody only takes its line out of the file', async () => {
    await approvers.admit(sixWords(owner.approver));
    const grant = await practice.permit();
    await practice.store.admit(owner.sign(revocationOf(grant)), true);
    const file = join(practice.stateFolder, 'approvers.json');
    const kept = (JSON.parse(readFileSync(file, 'utf8')) as { kind: string }[]).filter(
      ({ kind }) => kind === 'ed25519',
    );
    writeFileSync(file, JSON.stringify(kept));
    await practice.restart();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_REVOKED' });
  });

  test('cannot be the key of this server', async () => {
    await expect(approvers.remove(practice.approver.approverId)).rejects.toMatchObject({
      code: 'APPROVER_NOT_FOUND',
    });
  });
});

describe('the list of approvers on disk', () => {
  test('of a version before passkeys is read as it is', async () => {
    const file = join(practice.stateFolder, 'approvers.json');
    const before = readFileSync(file, 'utf8');
    expect(before).toContain('"kind": "ed25519"');
    expect((await ApproverStore.open(practice.stateFolder)).approvers.size).toBe(1);
  });

  test('with a passkey whose origin was changed by hand is not read at all', async () => {
    await approvers.admit(sixWords(owner.approver));
    const file = join(practice.stateFolder, 'approvers.json');
    const text = readFileSync(file, 'utf8').replace('"https://console', '"https://x.console');
    writeFileSync(file, text);
    await expect(ApproverStore.open(practice.stateFolder)).rejects.toMatchObject({
      code: 'GRANT_STORE_DAMAGED',
    });
  });

  test('loses nothing when two passkeys are admitted at once', async () => {
    const second = aPasskey();
    broker.offered.push(offerOf(second));
    await Promise.all([owner, second].map((one) => approvers.admit(sixWords(one.approver))));
    const read = await ApproverStore.open(practice.stateFolder);
    expect(read.approvers.size).toBe(3);
  });
});
