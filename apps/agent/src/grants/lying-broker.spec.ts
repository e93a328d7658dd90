/** Every way in which the carrier of permissions could lie about one, and what the agent makes of it. */
import { createHash, randomBytes } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { canonicalJson } from '#libs/grants/canonical-json.js';
import { anApprover } from '#libs/grants/grant.fixture.js';
import type { Grant, SignedGrant } from '#libs/grants/grant.js';
import { aPasskey, type APasskey } from '#libs/grants/passkey.fixture.js';
import { signGrant } from '#libs/grants/sign-grant.js';
import { APractice, aQuery } from '#apps/agent/src/grants/grant.fixture.js';

let practice: APractice;
beforeEach(async () => void (practice = await APractice.open()));
afterEach(() => practice.close());

/** The document altered on the way, its approvals left as they were. */
function altered(signed: SignedGrant, changes: Partial<Grant>): SignedGrant {
  const grant = { ...(JSON.parse(signed.document) as Grant), ...changes };
  return { ...signed, document: canonicalJson(grant) };
}

async function refusal(candidate: unknown): Promise<string> {
  try {
    await practice.store.admit(candidate, true);
    return 'admitted';
  } catch (error) {
    const { code, facts } = error as { code: string; facts: { reason: string } };
    const last = practice.journal.records.at(-1);
    expect(last).toMatchObject({ type: 'grant.refused', errorCode: code, reason: facts.reason });
    expect(practice.refused.at(-1)).toMatchObject({ code, reason: facts.reason });
    return `${code} ${facts.reason}`;
  }
}

describe('a broker that lies about a permission', () => {
  test('an honest one is admitted: the refusals below are not for another reason', async () => {
    expect(await refusal(practice.sign(practice.grant()))).toBe('admitted');
  });

  test.each<[string, Partial<Grant>]>([
    ['widens the scopes', { scopes: ['sql:read', 'sql:write'] }],
    ['adds a catalogue', { catalogues: ['Patients', 'Reference'] }],
    ['raises a limit', { limits: {} }],
    ['moves the end', { expires: '2027-01-02T00:00:00.000Z' }],
    ['puts another integrator in', { integratorId: 'integrator-2' }],
    ['puts another site in', { siteIds: ['site-1', 'site-2'] }],
    ['adds a purpose', { purposes: ['PATADMIN', 'HRESCH'] }],
    ['adds a country', { countries: ['AU', 'US'] }],
    ['raises the sequence', { seq: 99 }],
  ])('that %s is found by the signature', async (_what, changes) => {
    const signed = practice.sign(practice.grant());
    expect(await refusal(altered(signed, changes))).toBe('GRANT_INVALID signature-wrong');
    expect(practice.store.all()).toEqual([]);
  });

  test('that takes the revocation out of a document is found by the signature', async () => {
    const signed = practice.sign(practice.grant({ seq: 2, revoked: true }));
    const { revoked: _, ...rest } = JSON.parse(signed.document) as Grant;
    expect(await refusal({ ...signed, document: canonicalJson(rest) })).toBe(
      'GRANT_INVALID signature-wrong',
    );
  });

  test('that strips the approvals gets nothing', async () => {
    const { document } = practice.sign(practice.grant());
    expect(await refusal({ document, approvals: [] })).toBe('GRANT_INVALID approvals-missing');
    expect(await refusal({ document })).toBe('GRANT_INVALID malformed');
  });

  test('that invents a permission, with a key of its own, gets nothing', async () => {
    const broker = anApprover('Broker');
    const invented = signGrant(practice.grant(), broker.approver.approverId, broker.privateKey);
    expect(await refusal(invented)).toBe('GRANT_INVALID approver-unknown');
    const posing = signGrant(practice.grant(), practice.approver.approverId, broker.privateKey);
    expect(await refusal(posing)).toBe('GRANT_INVALID signature-wrong');
  });

  test('that brings what the approver of another practice signed gets nothing', async () => {
    const other = await APractice.open();
    try {
      expect(await refusal(other.sign(practice.grant()))).toBe('GRANT_INVALID approver-unknown');
    } finally {
      other.close();
    }
  });

  test.each<[string, Partial<Grant>, string]>([
    ['practice', { practiceId: 'practice-2' }, 'practice'],
    ['agent', { agentKeyThumbprints: ['A'.repeat(43)] }, 'agent'],
    ['site', { siteIds: ['site-2'] }, 'site'],
  ])(
    'that brings a true permission for another %s gets nothing',
    async (_what, changes, reason) => {
      const signed = practice.sign(practice.grant(changes));
      expect(await refusal(signed)).toBe(`GRANT_INVALID ${reason}`);
    },
  );

  test('that replays an older document gets nothing', async () => {
    const first = practice.grant({ scopes: ['sql:read', 'procedure:Book'] });
    await practice.store.admit(practice.sign(first), true);
    await practice.store.admit(practice.sign({ ...first, seq: 2, scopes: ['sql:read'] }), true);
    expect(await refusal(practice.sign(first))).toBe('GRANT_INVALID replayed');
    expect(practice.store.find(first.grantId)?.grant.scopes).toEqual(['sql:read']);
  });

  test('that replays a revoked permission gets nothing, also after a restart', async () => {
    const first = practice.grant();
    await practice.store.admit(practice.sign(first), true);
    await practice.store.admit(practice.sign({ ...first, seq: 2, revoked: true }), true);
    expect(await refusal(practice.sign(first))).toBe('GRANT_INVALID revoked');
    await practice.restart();
    expect(await refusal(practice.sign(first))).toBe('GRANT_INVALID revoked');
    expect(await refusal(practice.sign({ ...first, seq: 3 }))).toBe('GRANT_INVALID revoked');
    expect(practice.gate.decide(aQuery(first))).toEqual({ allowed: false, code: 'GRANT_REVOKED' });
  });

  test('that takes the site away over a restart cannot bring the wider document back', async () => {
    const first = practice.grant({ scopes: ['sql:read', 'procedure:Book'] });
    await practice.store.admit(practice.sign(first), true);
    await practice.store.admit(practice.sign({ ...first, seq: 2, scopes: ['sql:read'] }), true);
    practice.own.siteIds = ['site-2'];
    await practice.restart();
    expect(practice.gate.decide(aQuery(first))).toMatchObject({ reason: 'site' });
    await practice.permit({ siteIds: ['site-2'] });
    practice.own.siteIds = ['site-1'];
    await practice.restart();
    expect(await refusal(practice.sign(first))).toBe('GRANT_INVALID replayed');
    expect(practice.store.find(first.grantId)?.grant.scopes).toEqual(['sql:read']);
  });

  test('that brings terms which this version cannot keep gets nothing', async () => {
    const sealed = practice.grant({ encryptionMode: 'sidecar' });
    expect(await refusal(practice.sign(sealed))).toBe('GRANT_INVALID encryption-mode');
    const keyed = practice.grant({ integratorKeyThumbprints: ['A'.repeat(43)] });
    expect(await refusal(practice.sign(keyed))).toBe('GRANT_INVALID integrator-keys');
    expect(await refusal(practice.sign({ ...keyed, seq: 2, revoked: true }))).toBe('admitted');
  });

  test('that brings two documents with one sequence gets the first only', async () => {
    const first = practice.grant();
    await practice.store.admit(practice.sign(first), true);
    const second = practice.sign({ ...first, limits: {} });
    expect(await refusal(second)).toBe('GRANT_INVALID seq-taken');
  });

  test('that turns a permission over to another integrator gets nothing', async () => {
    const first = practice.grant();
    await practice.store.admit(practice.sign(first), true);
    const turned = practice.sign({ ...first, seq: 2, integratorId: 'integrator-2' });
    expect(await refusal(turned)).toBe('GRANT_INVALID integrator-changed');
  });

  test('that brings a document of an older epoch gets nothing, and older ones allow nothing', async () => {
    const old = await practice.permit({ epoch: 1 });
    await practice.permit({ epoch: 2 });
    expect(await refusal(practice.sign(practice.grant({ epoch: 1 })))).toBe(
      'GRANT_INVALID epoch-old',
    );
    expect(practice.gate.decide(aQuery(old))).toMatchObject({ reason: 'epoch-old' });
    await practice.restart();
    expect(practice.gate.decide(aQuery(old))).toMatchObject({ reason: 'epoch-old' });
  });

  test('that brings more than the ceiling of this server allows gets nothing', async () => {
    const write = practice.sign(practice.grant({ scopes: ['sql:write'] }));
    expect(await refusal(write)).toBe('GRANT_CEILING sql:write');
    const rows = practice.sign(practice.grant({ limits: { rows: 999_999_999 } }));
    expect(await refusal(rows)).toBe('GRANT_CEILING rows');
  });

  test('that brings a permission past its end gets nothing', async () => {
    const past = practice.grant({ expires: '2026-02-01T00:00:00.000Z' });
    expect(await refusal(practice.sign(past))).toBe('GRANT_EXPIRED expired');
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'grant'],
    ['a document that is no text', { document: {}, approvals: [] }],
    ['a field too many', { document: '{}', approvals: [], trusted: true }],
  ])('that brings %s gets nothing', async (_what, candidate) => {
    expect(await refusal(candidate)).toBe('GRANT_INVALID malformed');
  });

  test('that brings a signed document in another spelling gets nothing', async () => {
    const signed = practice.sign(practice.grant());
    const spaced = { ...signed, document: signed.document.replace(':', ': ') };
    expect(await refusal(spaced)).toBe('GRANT_INVALID not-canonical');
  });
});

describe('a broker that lies about an approval by passkey', () => {
  let owner: APasskey;
  beforeEach(async () => {
    owner = aPasskey();
    await practice.approvers.admit(owner.approver);
  });

  test('an honest one is admitted: the refusals below are not for another reason', async () => {
    expect(await refusal(owner.sign(practice.grant()))).toBe('admitted');
  });

  test('that widens what was approved is found by the challenge', async () => {
    const signed = owner.sign(practice.grant());
    const wider = altered(signed, { scopes: ['sql:read', 'sql:write'] });
    expect(await refusal(wider)).toBe('GRANT_INVALID challenge-wrong');
  });

  test('that puts the approval of one permission under another gets nothing', async () => {
    const { approvals } = owner.sign(practice.grant());
    const { document } = owner.sign(practice.grant({ integratorId: 'integrator-2' }));
    expect(await refusal({ document, approvals })).toBe('GRANT_INVALID challenge-wrong');
  });

  test('that invents an approval, with a passkey of its own, gets nothing', async () => {
    const invented = aPasskey().sign(practice.grant());
    expect(await refusal(invented)).toBe('GRANT_INVALID approver-unknown');
    const [approval] = invented.approvals;
    const posing = { ...approval, approverId: owner.approver.approverId };
    expect(await refusal({ ...invented, approvals: [posing] })).toBe(
      'GRANT_INVALID signature-wrong',
    );
  });

  test("that brings the passkey of another practice's owner gets nothing", async () => {
    const other = await APractice.open();
    try {
      const neighbour = aPasskey();
      await other.approvers.admit(neighbour.approver);
      const signed = neighbour.sign(practice.grant());
      expect(await refusal(signed)).toBe('GRANT_INVALID approver-unknown');
    } finally {
      other.close();
    }
  });

  test('that asked for the approval on a page of its own gets nothing', async () => {
    const origin = 'https://console.example.org.example.net';
    const signed = owner.sign(practice.grant(), { origin });
    expect(await refusal(signed)).toBe('GRANT_INVALID origin-wrong');
    const framed = owner.sign(practice.grant(), { clientData: { crossOrigin: true } });
    expect(await refusal(framed)).toBe('GRANT_INVALID cross-origin');
  });

  test('that passes a sign-in or a step-up off as an approval gets nothing', async () => {
    const { document } = owner.sign(practice.grant());
    const signIn = owner.assert(randomBytes(32));
    expect(await refusal({ document, approvals: [signIn] })).toBe('GRANT_INVALID challenge-wrong');
    const action = createHash('sha256').update('conduit-action-v1').update(document).digest();
    expect(await refusal({ document, approvals: [owner.assert(action)] })).toBe(
      'GRANT_INVALID challenge-wrong',
    );
  });

  test('that got it without proof of who was there gets nothing', async () => {
    const signed = owner.sign(practice.grant(), { flags: 0x01 });
    expect(await refusal(signed)).toBe('GRANT_INVALID user-not-verified');
  });

  test('that replays what was changed or ended gets nothing', async () => {
    const first = practice.grant({ scopes: ['sql:read', 'procedure:Book'] });
    await practice.store.admit(owner.sign(first), true);
    await practice.store.admit(owner.sign({ ...first, seq: 2, scopes: ['sql:read'] }), true);
    expect(await refusal(owner.sign(first))).toBe('GRANT_INVALID replayed');
    await practice.store.admit(owner.sign({ ...first, seq: 3, revoked: true }), true);
    await practice.restart();
    expect(await refusal(owner.sign({ ...first, seq: 2 }))).toBe('GRANT_INVALID revoked');
  });

  test('that gives one approval twice, to look like two, gets nothing', async () => {
    const signed = owner.sign(practice.grant());
    const again = owner.sign(JSON.parse(signed.document) as Grant, { clientData: { b: 1 } });
    const twice = { ...signed, approvals: [...signed.approvals, ...again.approvals] };
    expect(await refusal(twice)).toBe('GRANT_INVALID approver-repeated');
  });

  test('that brings more than the ceiling allows gets nothing, whoever signed it', async () => {
    const signed = owner.sign(practice.grant({ scopes: ['sql:write'] }));
    expect(await refusal(signed)).toBe('GRANT_CEILING sql:write');
  });

  test('that sends parts too large to be an approval gets nothing', async () => {
    const signed = owner.sign(practice.grant(), { clientData: { pad: 'x'.repeat(5_000) } });
    expect(await refusal(signed)).toBe('GRANT_INVALID malformed');
  });
});

describe('a broker that lies about a query', () => {
  test('an honest query passes: the refusals below are not for another reason', async () => {
    const grant = await practice.permit();
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ allowed: true, tier: 'read' });
  });

  test('naming a permission that this server never saw gets nothing', async () => {
    const grant = await practice.permit();
    const query = aQuery(grant, { grantId: 'another' });
    expect(practice.gate.decide(query)).toMatchObject({ reason: 'grant-unknown' });
  });

  test("naming another integrator's permission gets nothing", async () => {
    const grant = await practice.permit();
    const query = aQuery(grant, { integratorId: 'integrator-2' });
    expect(practice.gate.decide(query)).toMatchObject({
      code: 'GRANT_INVALID',
      reason: 'integrator',
    });
  });

  test('naming a site that the permission or the agent does not cover gets nothing', async () => {
    const grant = await practice.permit({ siteIds: ['site-1', 'site-2'] });
    const query = aQuery(grant, { siteId: 'site-2' });
    expect(practice.gate.decide(query)).toMatchObject({ code: 'GRANT_INVALID', reason: 'site' });
  });

  describe('that was agreed to the last character', () => {
    const agreed = 'SELECT TOP (5) SURNAME FROM dbo.Patient WHERE BORN > @from';
    const scope = (text: string) => `statement:${createHash('sha256').update(text).digest('hex')}`;

    test('runs it, and nothing that differs from it', async () => {
      const grant = await practice.permit({ scopes: [scope(agreed)] });
      const decide = (text: string) => practice.gate.decide(aQuery(grant, { text }));
      expect(decide(agreed)).toMatchObject({ allowed: true, tier: 'read', scope: scope(agreed) });
      for (const swapped of [
        agreed.replace('SURNAME', 'MEDICARE'),
        agreed.replace('(5)', '(50)'),
        `${agreed} OR 1 = 1`,
        `${agreed} `,
        agreed.toLowerCase(),
        agreed.replace(' FROM', '\nFROM'),
        `${agreed};UPDATE dbo.Patient SET SURNAME = @from`,
        'SELECT 1',
      ])
        expect([swapped, decide(swapped)]).toEqual([
          swapped,
          { allowed: false, code: 'GRANT_SCOPE' },
        ]);
    });

    test('gets nothing for a text whose encoding alone is the same', async () => {
      const text = "SELECT '\ufffd'";
      const grant = await practice.permit({ scopes: [scope(text)] });
      expect(practice.gate.decide(aQuery(grant, { text }))).toMatchObject({ allowed: true });
      const alike = "SELECT '\ud800'";
      expect(scope(alike)).toBe(scope(text));
      expect(practice.gate.decide(aQuery(grant, { text: alike }))).toMatchObject({
        code: 'GRANT_SCOPE',
      });
    });

    test('gets nothing by calling its name as a procedure', async () => {
      const grant = await practice.permit({ scopes: [scope('Book')] });
      const query = aQuery(grant, { commandType: 'storedProcedure', text: 'Book' });
      expect(practice.gate.decide(query)).toMatchObject({ code: 'GRANT_SCOPE' });
    });

    test('runs one that changes data only where the ceiling lets statements change data', async () => {
      const text = 'UPDATE dbo.Appointment SET STATUS = @status WHERE RECORDID = @id';
      const grant = await practice.permit({ scopes: [scope(text)] });
      expect(practice.gate.decide(aQuery(grant, { text }))).toMatchObject({
        code: 'GRANT_CEILING',
        reason: 'statement',
      });
    });
  });

  test('claiming a newer document than it delivered gets nothing', async () => {
    const grant = await practice.permit();
    const query = aQuery(grant, { grantSeq: 2 });
    expect(practice.gate.decide(query)).toMatchObject({ reason: 'seq-ahead' });
  });

  test('claiming an older document is answered by the one that counts', async () => {
    const grant = await practice.permit();
    await practice.permit({ ...grant, seq: 2, scopes: ['procedure:Book'] });
    expect(practice.gate.decide(aQuery(grant))).toMatchObject({ code: 'GRANT_SCOPE' });
  });
});
