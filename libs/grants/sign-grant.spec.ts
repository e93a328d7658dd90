import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { describeGrant } from '#libs/grants/describe-grant.js';
import { ed25519Signer } from '#libs/grants/agent-statement.js';
import { receiptDigestOf, signReceipt, verifyReceipt } from '#libs/grants/grant-receipt.js';
import { aGrant, anApprover } from '#libs/grants/grant.fixture.js';
import { grantDigest, signGrant, verifyApprovals } from '#libs/grants/sign-grant.js';
import { publicKeyFromRaw } from '#libs/pki/keys.js';

const owner = anApprover();
const stranger = anApprover('Another practice');
const known = new Map([[owner.approver.approverId, owner.approver]]);
const signed = signGrant(aGrant(), owner.approver.approverId, owner.privateKey);

describe('approvals', () => {
  test('what is signed is the hash of the label and the canonical text', () => {
    expect(grantDigest('{}')).toEqual(createHash('sha256').update('conduit-grant-v1{}').digest());
  });

  test('a grant signed by a known approver verifies', () => {
    expect(verifyApprovals(signed, known)).toEqual({ ok: true });
  });

  test('any one character changed anywhere breaks it', () => {
    fc.assert(
      fc.property(fc.nat(signed.document.length - 1), fc.integer({ min: 32, max: 126 }), (i, c) => {
        const letter = String.fromCharCode(c);
        if (signed.document[i] === letter) return;
        const document = signed.document.slice(0, i) + letter + signed.document.slice(i + 1);
        expect(verifyApprovals({ ...signed, document }, known)).toEqual({
          ok: false,
          reason: 'signature-wrong',
        });
      }),
    );
  });

  test('none, an unknown one, and a wrong one beside a right one are refused by name', () => {
    const { document, approvals } = signed;
    expect(verifyApprovals({ document, approvals: [] }, known)).toMatchObject({
      reason: 'approvals-missing',
    });
    const foreign = signGrant(aGrant(), stranger.approver.approverId, stranger.privateKey);
    expect(verifyApprovals(foreign, known)).toMatchObject({ reason: 'approver-unknown' });
    const borrowed = signGrant(aGrant(), owner.approver.approverId, stranger.privateKey);
    expect(verifyApprovals(borrowed, known)).toMatchObject({ reason: 'signature-wrong' });
    expect(
      verifyApprovals({ document, approvals: [...approvals, ...foreign.approvals] }, known),
    ).toMatchObject({ reason: 'approver-unknown' });
  });
});

describe('receipts', () => {
  const receipt = {
    type: 'conduit-grant-receipt-v1' as const,
    agentId: 'agent-1',
    grantId: 'grant-1',
    seq: 2,
    digest: receiptDigestOf(signed.document),
    state: 'revoked' as const,
    at: '2026-03-04T00:00:00.000Z',
  };
  const raw = Buffer.from(owner.approver.publicKey, 'base64url');

  test('verify under the agent key and no other', () => {
    const made = signReceipt(receipt, ed25519Signer(owner.privateKey));
    expect(verifyReceipt(made, publicKeyFromRaw('ed25519', raw))).toEqual(receipt);
    const other = publicKeyFromRaw(
      'ed25519',
      Buffer.from(stranger.approver.publicKey, 'base64url'),
    );
    expect(verifyReceipt(made, other)).toBeUndefined();
    expect(
      verifyReceipt(
        { ...made, document: made.document.replace('revoked', 'active') },
        publicKeyFromRaw('ed25519', raw),
      ),
    ).toBeUndefined();
  });

  test('a signed grant cannot pass for a receipt', () => {
    const posing = { document: signed.document, signature: signed.approvals[0]!.signature };
    expect(verifyReceipt(posing, publicKeyFromRaw('ed25519', raw))).toBeUndefined();
  });
});

describe('describeGrant', () => {
  test('says everything that the grant allows', () => {
    const grant = aGrant({
      scopes: ['sql:read', 'sql:write', 'procedure:Book', 'operation:slots'],
      catalogues: ['Patients', 'Reference'],
      purposes: ['TREAT', 'HRESCH'],
      limits: {
        rows: 5_000,
        bytes: 8_388_608,
        ms: 60_000,
        hours: { timeZone: 'Australia/Perth', days: [2, 1], from: '08:00', to: '18:00' },
      },
    });
    const lines = describeGrant(grant, { integrator: 'Zz Reminders', sites: { 'site-1': 'Main' } });
    const all = lines.join('\n');
    for (const part of [
      'Zz Reminders (integrator-1)',
      'Main (site-1)',
      'READ ANYTHING',
      'READ AND CHANGE ANYTHING',
      'dbo.book',
      'slots',
      'Patients, Reference',
      'treatment of patients; health research',
      '5,000 rows',
      '8 MB',
      '60 s',
      'Mon, Tue from 08:00 to 18:00 (Australia/Perth)',
      'AU',
      '2026-12-31',
      'in the clear',
    ])
      expect(all).toContain(part);
  });

  test('says that a grant without limits has none', () => {
    expect(describeGrant(aGrant({ limits: {} })).join('\n')).toContain('no limit of its own');
  });

  test('says that a revocation ends the permission', () => {
    expect(describeGrant(aGrant({ revoked: true }))).toHaveLength(1);
  });
});
