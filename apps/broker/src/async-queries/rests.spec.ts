import { expect, test } from '@jest/globals';
import { Rests } from '#apps/broker/src/async-queries/rests.js';

const inLine = (integratorId: string) => ({
  id: 'query-1',
  siteId: 'site-1',
  integratorId,
  createdAtMs: 0,
});
const aLongWait = { reason: 'outsideHours', of: 'integrator', restMs: 60_000 } as const;

test('a changed permission ends the rest of integrators, not that of the whole site', () => {
  const rested: string[] = [];
  const rests = new Rests((siteId) => void rested.push(siteId));
  rests.begin(inLine('integrator-1'), aLongWait);
  rests.begin(inLine('integrator-2'), aLongWait);
  expect(rests.of('site-1')).toEqual(['integrator-1', 'integrator-2']);
  rests.endOfIntegrators('site-1');
  expect([rests.of('site-1'), rested]).toEqual([[], ['site-1']]);
  rests.begin(inLine('integrator-1'), { ...aLongWait, reason: 'sitePaused', of: 'site' });
  rests.endOfIntegrators('site-1');
  expect(rests.isResting('site-1')).toBe(true);
  rests.clear();
});
