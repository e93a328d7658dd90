import { expect, test } from '@jest/globals';

import { PairingDoor } from '#apps/broker/src/grants/pairing-door.js';
import type {
  PairingAttempt,
  RedeemPairingCode,
} from '#apps/broker/src/grants/redeem-pairing-code.js';
import { wrongTryLimits } from '#apps/broker/src/grants/wrong-tries.js';
import { MemoryEventLog } from '#apps/broker/src/logging/event-log.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { FixedClock } from '#libs/kernel/clock.js';

const made = { accessRequestId: 'request-1', siteId: 'site-1' };

/** The code `right` is right, `broken` meets a store that is away. */
const redeem = {
  async execute({ code }: PairingAttempt) {
    await new Promise(setImmediate);
    if (code === 'right') return made;
    throw code === 'broken' ? new Error('planned') : new ConduitError('PAIRING_CODE_INVALID');
  },
} as RedeemPairingCode;

function aDoor() {
  const [clock, log] = [new FixedClock(0), new MemoryEventLog()];
  const door = new PairingDoor(redeem, clock, log);
  const attempt = (code: string, integratorId = 'integrator-1') =>
    door.execute({ integratorId, keyId: 'key-1', pmsSiteId: 'P', pmsName: 'Zedmed', code });
  const codes = (answers: PromiseSettledResult<unknown>[]) =>
    answers.map((answer) =>
      answer.status === 'rejected' ? (answer.reason as ConduitError).code : 'made',
    );
  const many = async (count: number, code: string, integratorId?: string) =>
    codes(
      await Promise.allSettled(Array.from({ length: count }, () => attempt(code, integratorId))),
    );
  return { clock, log, attempt, many };
}

test('many wrong tries at once are no more than one after the other', async () => {
  const { many, clock, attempt } = aDoor();
  const answers = await many(200, 'wrong');
  const tried = answers.filter((code) => code === 'PAIRING_CODE_INVALID');
  expect(tried).toHaveLength(wrongTryLimits.perIntegrator);
  await expect(attempt('right')).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    facts: { retryAfterMs: wrongTryLimits.windowMs },
  });
  clock.advance(wrongTryLimits.windowMs);
  await expect(attempt('right')).resolves.toEqual(made);
});

test('right tries and those that met our own trouble do not count', async () => {
  const { attempt } = aDoor();
  for (let tries = 0; tries < wrongTryLimits.perIntegrator * 2; tries++) {
    await attempt('right');
    await expect(attempt('broken')).rejects.toThrow('planned');
  }
});

test('guessing by many together slows everybody down, tells the operator once and stops nobody', async () => {
  const { log, attempt, many } = aDoor();
  const guessers = wrongTryLimits.altogether / wrongTryLimits.perIntegrator;
  for (let n = 0; n < guessers; n++)
    await many(wrongTryLimits.perIntegrator, 'wrong', `guesser-${n}`);
  expect(log.lines).toEqual([]);
  const startedMs = performance.now();
  await expect(Promise.all([attempt('right'), attempt('right', 'other')])).resolves.toEqual([
    made,
    made,
  ]);
  expect(performance.now() - startedMs).toBeGreaterThan(wrongTryLimits.pauseMs * 0.9);
  expect(log.lines.map((line) => line.event)).toEqual(['pairing.guessed']);
});
