import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import { OPEN_CODES_OF_SITE } from '#apps/broker/src/grants/create-pairing-code.js';
import {
  makePairingCode,
  normalisePairingCode,
  pairingCodePrefix,
} from '#apps/broker/src/grants/pairing-code.js';
import { maxWrongTries, type PairingAttempt } from '#apps/broker/src/grants/redeem-pairing-code.js';

let practice: BrokerPractice;
beforeAll(async () => void (practice = await BrokerPractice.open()));
afterAll(() => practice.close());

const aCode = async (): Promise<string> =>
  (await practice.create.execute(practice.agents.one.peer, 'site-1')).code;

const anAttempt = (code: string, changes: Partial<PairingAttempt> = {}): PairingAttempt => ({
  integratorId: 'integrator-1',
  keyId: 'key-1',
  pmsSiteId: 'PMS-1',
  pmsName: 'Best Practice',
  code,
  ...changes,
});

/** Another code with the same first characters. */
const neighbourOf = (code: string): string => {
  const last = code.endsWith('7') ? '8' : '7';
  return code.slice(0, -1) + last;
};

const invalid = { code: 'PAIRING_CODE_INVALID' };

describe('a code', () => {
  test('is eight characters that can be read aloud, and its spelling does not matter', () => {
    for (let i = 0; i < 200; i++) {
      const code = makePairingCode();
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(normalisePairingCode(code)).toBe(code.replace('-', ''));
    }
    expect(normalisePairingCode(' abcd efo1 ')).toBe('ABCDEF01');
    expect(normalisePairingCode('ABCD-EFGl')).toBe('ABCDEFG1');
    for (const no of ['', 'ABCD-EFG', 'ABCD-EFGU', 'ABCD-EFGHJ', 'x'.repeat(1_000)])
      expect(normalisePairingCode(no)).toBeUndefined();
  });

  test('is not kept: the store holds neither it nor its end', async () => {
    const code = await aCode();
    const rows = await practice.store.kysely.selectFrom('pairing_codes').selectAll().execute();
    const plain = normalisePairingCode(code) as string;
    expect(JSON.stringify(rows)).not.toContain(plain);
    expect(rows.some((row) => row.code_prefix === pairingCodePrefix(plain))).toBe(true);
  });

  test('is made for a site of the agent only', async () => {
    await expect(practice.create.execute(practice.agents.one.peer, 'site-2')).rejects.toMatchObject(
      { code: 'SITE_NOT_FOUND' },
    );
    const posing = { ...practice.agents.one.peer, practiceId: 'practice-2' };
    await expect(practice.create.execute(posing, 'site-1')).rejects.toMatchObject({
      code: 'SITE_NOT_FOUND',
    });
  });

  test('takes the place of the oldest when a site has many open ones', async () => {
    const oldest = await aCode();
    practice.clock.advance(1);
    const next = await aCode();
    for (let made = 2; made <= OPEN_CODES_OF_SITE; made++) {
      practice.clock.advance(1);
      await aCode();
    }
    await expect(practice.redeemer().execute(anAttempt(oldest))).rejects.toMatchObject(invalid);
    await expect(practice.redeemer().execute(anAttempt(next))).resolves.toBeDefined();
  });

  test('is not made when that cannot be written down', async () => {
    practice.audit.refuses = true;
    const before = await practice.store.kysely.selectFrom('pairing_codes').selectAll().execute();
    await expect(aCode()).rejects.toThrow('planned');
    practice.audit.refuses = false;
    const after = await practice.store.kysely.selectFrom('pairing_codes').selectAll().execute();
    expect(after).toHaveLength(before.length);
  });
});

describe('redeeming', () => {
  test('makes one access request; the same integrator asking again gets the same', async () => {
    const code = await aCode();
    const redeem = practice.redeemer();
    const made = await redeem.execute(anAttempt(code.toLowerCase()));
    expect(await redeem.execute(anAttempt(code))).toEqual(made);
    await practice.book.reread();
    expect(practice.book.find('site-1', 'integrator-1')).toEqual({ state: 'pending' });
    expect(practice.book.pairedSites('integrator-1')).toEqual(['site-1']);
    const { requests } = await practice.requests.list(practice.agents.one.peer);
    expect(requests).toMatchObject([
      {
        accessRequestId: made.accessRequestId,
        integratorName: 'Zz Software 1',
        asked: { scopes: ['sql:read'], catalogues: ['Patients'], purposes: ['PATADMIN'] },
        countries: ['AU'],
      },
    ]);
    expect(await practice.requests.list(practice.agents.two.peer)).toEqual({ requests: [] });
  });

  test('a code serves one integrator only', async () => {
    const code = await aCode();
    const redeem = practice.redeemer();
    await redeem.execute(anAttempt(code));
    await expect(
      redeem.execute(anAttempt(code, { integratorId: 'integrator-2' })),
    ).rejects.toMatchObject(invalid);
  });

  test.each<[string, Partial<PairingAttempt>]>([
    ['another PMS site id', { pmsSiteId: 'PMS-2' }],
    ['another PMS', { pmsName: 'Zedmed' }],
    ['no code at all', { code: 'hello' }],
    ['an unknown code', { code: 'ZZZZ-ZZZZ' }],
  ])('%s answers as a wrong code does', async (_what, changes) => {
    const code = await aCode();
    await expect(practice.redeemer().execute(anAttempt(code, changes))).rejects.toMatchObject(
      invalid,
    );
    expect(practice.audit.records.at(-1)).toMatchObject({
      type: 'pairing-code.refused',
      keyId: 'key-1',
    });
  });

  test('an expired code is wrong', async () => {
    const code = await aCode();
    practice.clock.advance(7 * 86_400_000);
    await expect(practice.redeemer().execute(anAttempt(code))).rejects.toMatchObject(invalid);
  });

  test('five wrong tries near a code lock it, and four do not', async () => {
    const [open, locked] = [await aCode(), await aCode()];
    for (let i = 0; i < maxWrongTries; i++) {
      const tries = i === 0 ? [locked] : [open, locked];
      for (const code of tries)
        await expect(
          practice.redeemer().execute(anAttempt(neighbourOf(code))),
        ).rejects.toMatchObject(invalid);
    }
    await expect(practice.redeemer().execute(anAttempt(locked))).rejects.toMatchObject(invalid);
    await expect(practice.redeemer().execute(anAttempt(open))).resolves.toBeDefined();
  });

  test('a key for other sites cannot use the code, and does not use it up', async () => {
    const code = await aCode();
    const redeem = practice.redeemer();
    const attempt = (siteId: string) =>
      redeem.execute(anAttempt(code, { keySiteIds: new Set([siteId]) }));
    await expect(attempt('site-2')).rejects.toMatchObject({ code: 'KEY_SITE_FORBIDDEN' });
    await expect(attempt('site-1')).resolves.toMatchObject({ siteId: 'site-1' });
  });
});

describe('declining', () => {
  test('is for the agent of the site only, and once', async () => {
    const code = await aCode();
    const made = await practice
      .redeemer()
      .execute(anAttempt(code, { integratorId: 'integrator-2' }));
    const decision = { accessRequestId: made.accessRequestId, reason: 'not-wanted' } as const;
    await expect(
      practice.requests.decline(practice.agents.two.peer, decision),
    ).rejects.toMatchObject({ code: 'ACCESS_REQUEST_NOT_FOUND' });
    await practice.requests.decline(practice.agents.one.peer, decision);
    await practice.book.reread('site-1');
    expect(practice.book.find('site-1', 'integrator-2')).toEqual({ state: 'declined' });
    await expect(
      practice.requests.decline(practice.agents.one.peer, decision),
    ).rejects.toMatchObject({ code: 'ACCESS_REQUEST_NOT_FOUND' });
  });
});
