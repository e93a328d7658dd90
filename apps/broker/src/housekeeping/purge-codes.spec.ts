import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BrokerPractice } from '#apps/broker/src/grants/broker-practice.fixture.js';
import {
  enrolmentCodeKeptMs,
  PurgeEnrolmentCodes,
} from '#apps/broker/src/housekeeping/purge-enrolment-codes.js';
import {
  pairingCodeKeptMs,
  PurgePairingCodes,
} from '#apps/broker/src/housekeeping/purge-pairing-codes.js';

let practice: BrokerPractice;
beforeAll(async () => void (practice = await BrokerPractice.open()));
afterAll(() => practice.close());

const ago = (ms: number): Date => new Date(practice.clock.now() - ms);

test('enrolment codes are forgotten a day after they were used or have expired', async () => {
  const { kysely } = practice.store;
  const soon = ago(-1_000);
  const codes: [string, Date, Date | null][] = [
    ['open', soon, null],
    ['expired just now', ago(enrolmentCodeKeptMs - 1), null],
    ['expired long ago', ago(enrolmentCodeKeptMs + 1), null],
    ['used just now', soon, ago(enrolmentCodeKeptMs - 1)],
    ['used long ago', soon, ago(enrolmentCodeKeptMs + 1)],
  ];
  for (const [code_id, expires_at, used_at] of codes) {
    const row = { code_id, practice_id: 'practice-1', public_key: Buffer.alloc(32), sites: '[]' };
    await kysely
      .insertInto('enrolment_codes')
      .values({ ...row, expires_at, used_at })
      .execute();
  }
  const purge = new PurgeEnrolmentCodes(kysely, practice.clock);
  await Promise.all([purge.execute(), purge.execute()]);
  const left = await kysely.selectFrom('enrolment_codes').select('code_id').execute();
  expect(left.map((row) => row.code_id).sort()).toEqual([
    'expired just now',
    'open',
    'used just now',
  ]);
});

test('pairing codes are forgotten a day after they have expired, redeemed or not', async () => {
  const { kysely } = practice.store;
  const codes: [string, Date, Date | null][] = [
    ['open', ago(-1_000), null],
    ['redeemed', ago(-1_000), ago(3 * pairingCodeKeptMs)],
    ['expired just now', ago(pairingCodeKeptMs - 1), null],
    ['expired long ago', ago(pairingCodeKeptMs + 1), null],
    ['redeemed and expired long ago', ago(pairingCodeKeptMs + 1), ago(3 * pairingCodeKeptMs)],
  ];
  for (const [name, expires_at, redeemed_at] of codes) {
    const row = { code_hmac: Buffer.from(name), code_prefix: 'ABC', site_id: 'site-1' };
    const redeemed_by = redeemed_at && 'integrator-1';
    await kysely
      .insertInto('pairing_codes')
      .values({ ...row, expires_at, redeemed_at, redeemed_by })
      .execute();
  }
  const purge = new PurgePairingCodes(kysely, practice.clock);
  await Promise.all([purge.execute(), purge.execute()]);
  const left = await kysely.selectFrom('pairing_codes').select('code_hmac').execute();
  expect(left.map((row) => row.code_hmac.toString()).sort()).toEqual([
    'expired just now',
    'open',
    'redeemed',
  ]);
});
